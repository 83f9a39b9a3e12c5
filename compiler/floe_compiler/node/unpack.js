// Unpacks an npm package: a tar archive in gzip. Node.js has no reader of its own, and does this while Python goes on.
'use strict';

const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, extname, isAbsolute, join } = require('node:path');
const { gunzipSync } = require('node:zlib');

const BLOCK = 512;
// The fields of a header by offset and length (POSIX.1-1988, ustar).
const FIELDS = { name: [0, 100], size: [124, 12], type: [156, 1], prefix: [345, 155] };
const READ = new Set(['.js', '.json', '.mjs']);

// Writes the files that Node.js reads into a folder. Links are left out. A path that leads elsewhere is an error, as is an
// entry whose name or size may stand in another one.
function unpack(archive, folder) {
  const data = gunzipSync(readFileSync(archive));
  let size;
  for (let at = 0; data[at]; at += BLOCK * (1 + Math.ceil(size / BLOCK))) {
    const field = (name) => text(data, at + FIELDS[name][0], FIELDS[name][1]);
    size = parseInt(field('size'), 8);
    const type = field('type') || '0';
    if (!/^[0-6]$/.test(type) || !(size >= 0)) throw new Error(`${archive} has an entry of the unknown type ${type}`);
    const path = join(...[field('prefix'), field('name')].filter(Boolean));
    if (type !== '0' || !READ.has(extname(path))) continue;
    if (isAbsolute(path) || path.split(/[\\/]/).includes('..')) {
      throw new Error(`${archive} has a file outside its own folder: ${path}`);
    }
    const target = join(folder, ...path.split(/[\\/]/).slice(1)); // The first part is "package" in every npm package.
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, data.subarray(at + BLOCK, at + BLOCK + size));
  }
}

function text(data, at, length) {
  const end = data.subarray(at, at + length).indexOf(0);
  return data.toString('utf8', at, at + (end < 0 ? length : end));
}

module.exports = { unpack };
