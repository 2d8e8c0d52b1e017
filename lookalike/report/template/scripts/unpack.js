// Blocks of the page: base64 texts, unpacked when they are asked for.
const textOf = name => document.getElementById(name).textContent;

function bytesOf(text) {
  const characters = atob(text),
    bytes = new Uint8Array(characters.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = characters.charCodeAt(place);
  return bytes;
}

async function inflate(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

const unpackJson = async name => JSON.parse(new TextDecoder().decode(await inflate(textOf(name))));

// Values of single images by pair, as `pack_values` packed them: row by image, NaN where unknown.
async function unpackValues(packed) {
  const levels = new Uint16Array(await inflate(packed.packed));
  const step = (packed.high - packed.low) / 65534;
  return Float64Array.from(levels, level => (level === 65535 ? NaN : packed.low + level * step));
}
