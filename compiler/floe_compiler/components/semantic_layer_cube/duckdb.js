// Cube with DuckDB on the tables of an Iceberg catalog. Cube's driver has no setting for one, and logs and then ignores
// an error of `initSql`: all queries would fail until somebody starts the pod anew. Here, an error is one of the
// connection, which the next query makes again.
const { DuckDBDriver } = require('@cubejs-backend/duckdb-driver');

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

const options = (pairs) => pairs.filter(([, value]) => value).map(([name, value]) => `${name} ${quoted(value)}`).join(', ');

function statements(env) {
  const set = (settings) =>
    Object.entries(JSON.parse(settings)).map(([name, value]) => `SET ${name} = ${quoted(value)}`);
  const login = options([
    ['CLIENT_ID', env.CATALOG_CLIENT_ID],
    ['CLIENT_SECRET', env.CATALOG_CLIENT_SECRET],
    ['OAUTH2_SERVER_URI', env.CATALOG_TOKEN_URI],
    ['OAUTH2_SCOPE', env.CATALOG_SCOPE],
    ['TOKEN', env.CATALOG_TOKEN],
  ]);
  const store = options([
    ['REGION', env.AWS_REGION],
    ['ENDPOINT', env.S3_ENDPOINT],
    ['URL_STYLE', env.S3_URL_STYLE],
    ['USE_SSL', env.S3_USE_SSL],
    ['SCOPE', env.S3_SCOPE],
  ]);
  const attached = options([
    ['ENDPOINT', env.CATALOG_URI],
    ['SECRET', login ? 'catalog' : env.CATALOG_AUTHORIZATION && 'warehouse'],
    ['AUTHORIZATION_TYPE', login ? '' : env.CATALOG_AUTHORIZATION || 'none'],
    ['ACCESS_DELEGATION_MODE', store && 'none'],
  ]);
  return [
    ...set(env.DUCKDB_SETTINGS),
    ...env.DUCKDB_EXTENSIONS.split(' ').map((name) => `LOAD ${name}`),
    ...set(env.DUCKDB_EXTENSION_SETTINGS || '{}'),
    ...(store ? [`CREATE OR REPLACE SECRET warehouse (TYPE s3, PROVIDER credential_chain, ${store})`] : []),
    ...(login ? [`CREATE OR REPLACE SECRET catalog (TYPE iceberg, ${login})`] : []),
    `ATTACH ${quoted(env.CATALOG_WAREHOUSE)} AS ${env.CATALOG_NAME} (TYPE iceberg, READ_ONLY, ${attached})`,
  ];
}

class Lakehouse extends DuckDBDriver {
  async configureConnection(connection) {
    await super.configureConnection(connection);
    for (const statement of statements(process.env)) {
      await connection.run(statement);
    }
  }
}

module.exports = { driverFactory: () => new Lakehouse() };
