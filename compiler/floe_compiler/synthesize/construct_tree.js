// Builds construct trees with cdk8s: charts as JSON on standard input, the manifests of each on standard output.
// The one argument is the folder whose node_modules has cdk8s and constructs.
'use strict';

const { readFileSync } = require('node:fs');
const { ApiObject, App, Chart, JsonPatch } = require(require.resolve('cdk8s', { paths: [process.argv[2]] }));

// An App for each chart: in one App for all, cdk8s compares every chart with every other.
function manifests({ namespace, objects, dependencies }) {
  const chart = new Chart(new App(), 'chart', {
    namespace: namespace || undefined,
    disableResourceNameHashes: true,
  });
  const constructs = objects.map((manifest, index) => construct(chart, `object-${index}`, manifest));
  for (const [dependent, dependency] of dependencies) {
    constructs[dependent].addDependency(constructs[dependency]);
  }
  return chart.toJson();
}

// The construct knows what makes the object that object. The manifest comes as a patch because cdk8s writes patches as
// they are, while it sorts keys, adds the chart's namespace to objects without one, and drops every null and all empty
// maps and lists of the metadata from a construct's properties.
function construct(chart, id, manifest) {
  const { name, namespace } = manifest.metadata ?? {};
  const object = new ApiObject(chart, id, {
    apiVersion: manifest.apiVersion,
    kind: manifest.kind,
    metadata: { name, namespace },
  });
  object.addJsonPatch(JsonPatch.replace('', manifest));
  return object;
}

function answer(chart) {
  try {
    return { manifests: manifests(chart) };
  } catch (error) {
    return { error: error.message };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(answer)));
