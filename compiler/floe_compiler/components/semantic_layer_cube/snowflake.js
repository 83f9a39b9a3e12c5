// Cube with Snowflake. For each connection, Snowflake's client asks servers of certificate authorities, on port 80, whether
// a certificate was revoked, and goes on without an answer after 15 seconds: Cube would never be ready, as network
// policies allow the account's server only. Snowflake's client for Python does not ask, either. Besides, it would log into
// a file in the working directory, which is read-only.
const driver = require.resolve('@cubejs-backend/snowflake-driver');
const sdk = require(require.resolve('snowflake-sdk', { paths: [driver] }));

sdk.configure({ disableOCSPChecks: true, logLevel: 'WARN', logFilePath: 'STDOUT' });

module.exports = {};
