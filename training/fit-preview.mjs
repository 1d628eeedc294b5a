// Fits the preview of a model: a linear map from a 3×3 neighbourhood of latent cells to 4×4 RGB pixels, by least
// squares over real pictures. Writes preview.json into the model folder and prints the PSNR.
//
//   npm install --no-save @iconify-json/fluent-emoji-flat@1.2.6
//   node training/fit-preview.mjs models/tiny-emoji node_modules/@iconify-json/fluent-emoji-flat/icons.json
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import sharp from 'sharp';

const [folder, iconFile] = process.argv.slice(2);
const kernel = 3;
const upscale = 4;
const pictures = 400;
const side = 128;

/** Every n-th icon of the set, so that all kinds are there; RGB 0…1, `[side, side, 3]`. */
async function render() {
  const set = JSON.parse(readFileSync(iconFile, 'utf8'));
  const icons = Object.entries(set.icons).filter(
    ([name, icon]) => !icon.hidden && !/skin-tone|-(medium-)?(light|dark)$|-medium$/.test(name),
  );
  const step = Math.max(1, Math.floor(icons.length / pictures));
  const chosen = icons.filter((_, i) => i % step === 0).slice(0, pictures);
  return Promise.all(
    chosen.map(async ([, icon]) => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="512" height="512" viewBox="0 0 ${icon.width ?? set.width ?? 32} ${icon.height ?? set.height ?? 32}">${icon.body}</svg>`;
      const raw = await sharp(Buffer.from(svg))
        .resize(side - 8, side - 8, { fit: 'contain', background: '#fff' })
        .flatten({ background: '#fff' })
        .extend({ top: 4, bottom: 4, left: 4, right: 4, background: '#fff' })
        .removeAlpha()
        .raw()
        .toBuffer();
      return Float32Array.from(raw, (byte) => byte / 255);
    }),
  );
}

/** Mean latents `[4, h, w]` in the network's scaled space. */
async function encode(session, image, scale) {
  const data = new Float32Array(3 * side * side);
  for (let p = 0; p < side * side; p++) for (let c = 0; c < 3; c++) data[c * side * side + p] = image[3 * p + c] * 2 - 1;
  const output = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', data, [1, 3, side, side]) });
  const latent = output[session.outputNames[0]];
  const cells = latent.dims[2] * latent.dims[3];
  return { channels: 4, size: latent.dims[2], data: latent.data.slice(0, 4 * cells).map((v) => v * scale) };
}

/** One row of features: channel-major 3×3 neighbourhood with zero padding, and 1. */
function neighbourhood(latent, y, x) {
  const row = [];
  for (let c = 0; c < latent.channels; c++)
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) {
        const inside = y + dy >= 0 && y + dy < latent.size && x + dx >= 0 && x + dx < latent.size;
        row.push(inside ? latent.data[(c * latent.size + y + dy) * latent.size + x + dx] : 0);
      }
  return [...row, 1];
}

/** The pixels that belong to a cell, area-averaged to upscale×upscale: [sub-row][sub-col][rgb]. */
function target(image, latent, y, x) {
  const block = side / latent.size / upscale;
  const pixels = [];
  for (let sy = 0; sy < upscale; sy++)
    for (let sx = 0; sx < upscale; sx++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let by = 0; by < block; by++)
          for (let bx = 0; bx < block; bx++) {
            const py = (y * upscale + sy) * block + by;
            const px = (x * upscale + sx) * block + bx;
            sum += image[3 * (py * side + px) + c];
          }
        pixels.push(sum / block ** 2);
      }
  return pixels;
}

/** Solves A·X = B for symmetric positive A by Gauss elimination with a little ridge. */
function solve(a, b) {
  const n = a.length;
  const rows = a.map((row, i) => [...row.map((v, j) => v + (i === j ? 1e-3 : 0)), ...b[i]]);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j < rows[k].length; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  return rows.map((row, i) => row.slice(n).map((v) => v / row[i]));
}

const scale = JSON.parse(readFileSync(join(folder, 'vae_encoder/config.json'), 'utf8')).scaling_factor ?? 0.18215;
const session = await ort.InferenceSession.create(join(folder, 'vae_encoder/model.onnx'), { logSeverityLevel: 3 });
const images = await render();
const features = 4 * kernel ** 2 + 1;
const outputs = 3 * upscale ** 2;
const gram = Array.from({ length: features }, () => new Array(features).fill(0));
const moment = Array.from({ length: features }, () => new Array(outputs).fill(0));
const samples = [];
for (const image of images) {
  const latent = await encode(session, image, scale);
  for (let y = 0; y < latent.size; y++)
    for (let x = 0; x < latent.size; x++) {
      const f = neighbourhood(latent, y, x);
      const t = target(image, latent, y, x);
      samples.push([f, t]);
      for (let i = 0; i < features; i++) {
        for (let j = 0; j < features; j++) gram[i][j] += f[i] * f[j];
        for (let j = 0; j < outputs; j++) moment[i][j] += f[i] * t[j];
      }
    }
}
const fit = solve(gram, moment);
let error = 0;
for (const [f, t] of samples) for (let j = 0; j < outputs; j++) error += (t[j] - f.reduce((sum, v, i) => sum + v * fit[i][j], 0)) ** 2;
const round = (v) => Number(v.toFixed(4));
const weights = Array.from({ length: outputs }, (_, o) => Array.from({ length: features - 1 }, (_, i) => round(fit[i][o]))).flat();
const bias = fit[features - 1].map(round);
writeFileSync(join(folder, 'preview.json'), `${JSON.stringify({ kernel, upscale, weights, bias })}\n`);
console.log(`${images.length} pictures, PSNR ${(-10 * Math.log10(error / samples.length / outputs)).toFixed(1)} dB`);
