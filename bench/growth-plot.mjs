// Small plots side by side as SVG: x on a logarithmic axis, y from 0.

const [width, height, left, top] = [300, 190, 42, 34];

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function panel({ title, unit, points }, column) {
  const [first, last] = [points[0].x, points.at(-1).x];
  const most = Math.max(1.2, ...points.map(({ y }) => y)) * 1.1;
  const [inner, tall] = [width - left - 24, height - top - 44];
  const x = (value) => left + (inner * Math.log(value / first)) / Math.log(last / first);
  const y = (value) => top + tall * (1 - value / most);
  const text = (at, what, more = '') => `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${escaped(what)}</text>`;
  const parts = [
    text([left, 18], title, 'font-weight="600"'),
    ...[0, 0.5, 1].map((value) => `<path d="M${left} ${y(value).toFixed(1)}h${inner}" stroke="#8888" stroke-width="1"/>`),
    ...[0, 0.5, 1].map((value) => text([left - 6, y(value) + 4], String(value), 'text-anchor="end"')),
    ...points.map((point) => text([x(point.x), height - 28], point.x.toLocaleString('en'), 'text-anchor="middle"')),
    text([left + inner / 2, height - 10], unit, 'text-anchor="middle"'),
    `<polyline points="${points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ')}" fill="none" stroke="#2f7ed8" stroke-width="2"/>`,
    ...points.map((point) => `<circle cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3" fill="#2f7ed8"/>`),
    ...points.map((point) => text([x(point.x), y(point.y) - 8], point.y.toFixed(2), 'text-anchor="middle"')),
  ];
  return `<g transform="translate(${(column % 2) * width} ${Math.floor(column / 2) * height})">${parts.join('')}</g>`;
}

/** An SVG with a panel `{ title, unit, points: [{ x, y }] }` for each curve, two in a row. */
export function growthPlot(panels) {
  const rows = Math.ceil(panels.length / 2);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * width} ${rows * height}" width="${2 * width}" height="${rows * height}" font-family="system-ui, sans-serif" font-size="12" fill="#333"><title>Cost as graphs, queues, pictures and batches grow</title><rect width="100%" height="100%" fill="#fff"/>${panels.map(panel).join('')}</svg>\n`;
}
