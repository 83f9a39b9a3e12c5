// Builds construct trees with cdk8s: each line of standard input is a list of charts as JSON, and gets a line on standard
// output with what cdk8s decides: the order of the objects, their namespace, common labels and sync wave, and what is wrong
// with them. Bodies of objects stay outside, so that JavaScript's numbers and keys can change nothing in them.
// The arguments are an empty folder, and the archives of the npm packages cdk8s and constructs.
'use strict';

const { writeFileSync, writeSync } = require('node:fs');
const { join } = require('node:path');
const { unpack } = require('./unpack.js');

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const STDOUT = 1;

// If the folder is full, so is the file for standard error in it: the code of the error is the answer.
process.on('uncaughtExceptionMonitor', ({ code }) => NO_ROOM.has(code) && writeSync(STDOUT, `${JSON.stringify(code)}\n`));

const [FOLDER, ...ARCHIVES] = process.argv.slice(2);
['cdk8s', 'constructs'].forEach((name, at) => unpack(ARCHIVES[at], join(FOLDER, 'node_modules', name)));
const { ApiObject, App, Chart, Include, JsonPatch, Lazy } = require(require.resolve('cdk8s', { paths: [FOLDER] }));

const DNS = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
// Of a CronJob's name its Jobs' names are made, of a StatefulSet's the revisions that label its pods: 11 characters more.
const SHORT = /^(?=.{1,52}$)[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;
const PATH_SEGMENT = /^(?!\.\.?$)[^/%]+$/;
const PATH = /(chart\/[^\s']+)/;
const NAMES = new Map([
  ['Namespace', DNS_LABEL],
  ['Service', /^(?=.{1,63}$)[a-z]([-a-z0-9]*[a-z0-9])?$/],
  ['CronJob', SHORT],
  ['StatefulSet', SHORT],
  ...['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map((kind) => [kind, PATH_SEGMENT]),
]);

// An App for each chart: in one App for all, cdk8s compares every chart with every other.
function answer({ namespace, labels, annotation, objects, included, dependencies }) {
  const chart = new Chart(new App(), 'chart', { namespace, labels, disableResourceNameHashes: true });
  const constructs = objects.map(({ apiVersion, kind, name, namespace }, at) =>
    new ApiObject(chart, `object-${at}`, { apiVersion, kind, metadata: { name, namespace }, at }));
  const failures = included.flatMap((file) => addIncluded(chart, file, constructs));
  if (failures.length) return { failures };
  const specs = [...objects, ...included.flatMap((file) => file.objects)];
  constructs.forEach((object, at) => describe(object, specs[at], chart));
  for (const [dependent, dependency] of dependencies) constructs[dependent].addDependency(constructs[dependency]);
  setWaves(constructs.filter((_, at) => specs[at].waved), annotation);
  try {
    return { objects: chart.toJson().map(({ at, metadata }) => decided(at, metadata, Object.keys(labels), annotation)) };
  } catch (error) {
    return { failures: failuresIn(constructs, error.message) };
  }
}

// Include reads addresses, too; here it gets nothing but a file that was just written.
function addIncluded(chart, { text, objects }, constructs) {
  const at = constructs.length;
  try {
    const url = join(FOLDER, 'include.yaml');
    writeFileSync(url, text);
    const found = new Include(chart, `include-${at}`, { url }).apiObjects;
    const heads = (all) => JSON.stringify(all.map(({ apiVersion, kind, name }) => [apiVersion, kind, name]));
    if (heads(found) !== heads(objects)) throw new Error(`it reads ${heads(found)}`);
    found.forEach((object, index) => object.addJsonPatch(JsonPatch.add('/at', at + index)));
    constructs.push(...found);
    return [];
  } catch (error) {
    if (NO_ROOM.has(error.code)) throw error;
    return [{ at, message: ['cdk8s does not read its file as the compiler does: ', error.message] }];
  }
}

function describe(object, spec, chart) {
  // A chart gives its namespace to every object, whatever its kind.
  if (spec.clusterScoped && object.metadata.namespace) object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  object.node.addValidation({ validate: () => [...problems(object, spec, chart), ...(spec.absent ?? []).map(missing)] });
}

function* problems({ name, kind }, { namespace, clusterScoped }, chart) {
  if (!(NAMES.get(kind) ?? DNS).test(name)) yield `"${name}" is not a valid name for a ${kind}`;
  if (namespace && clusterScoped) yield `a ${kind} has no namespace, but it names ${namespace}`;
  else if (namespace && chart.namespace && namespace !== chart.namespace) {
    yield `it names the namespace ${namespace}, but belongs to the chart of ${chart.namespace}`;
  }
}

const missing = (name) => `it depends on ${name}, which is in no chart`;

// The wave of an object is one more than that of whatever it depends on, directly or by way of objects without a wave.
// It is counted when cdk8s has found the order, so there is no cycle any more.
function setWaves(objects, annotation) {
  const known = new Map();
  const waved = new Set(objects);
  const wave = (object) => {
    if (!known.has(object)) {
      const needed = object.node.dependencies.map((one) => wave(one) + (waved.has(one) ? 1 : 0));
      known.set(object, Math.max(0, ...needed));
    }
    return known.get(object);
  };
  for (const object of objects) {
    object.metadata.addAnnotation(annotation, Lazy.any({ produce: () => String(wave(object)) }));
  }
}

function decided(at, { namespace, labels, annotations }, common, annotation) {
  const given = Object.fromEntries(common.map((key) => [key, labels[key]]));
  const wave = annotations?.[annotation];
  return { at, namespace, labels: given, annotations: wave === undefined ? {} : { [annotation]: wave } };
}

// Messages come in parts: a number is the index of an object, whose name is not known here.
function failuresIn(constructs, message) {
  const failures = constructs.flatMap((object, at) => object.node.validate().map((text) => ({ at, message: [text] })));
  if (failures.length) return failures;
  const places = new Map(constructs.map((object, at) => [object.node.path, at]));
  const parts = message.split(PATH).map((part) => places.get(part) ?? part);
  return [{ at: parts.find(Number.isInteger) ?? 0, message: parts }];
}

// JSON has no line break of its own, and the next line comes only after the answer to this one.
let parts = [];
process.stdin.on('data', (part) => {
  parts.push(part);
  if (part.at(-1) !== 10) return;
  const charts = JSON.parse(Buffer.concat(parts).toString());
  parts = [];
  process.stdout.write(`${JSON.stringify(charts.map(answer))}\n`);
});
