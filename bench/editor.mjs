// The editor's frames: how long the page takes from one frame to the next while a graph of n nodes is moved and zoomed, against a page that draws
// nothing but a background, in the same browser and in turn.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];

function findBrowser() {
  const { CHROME_PATH } = process.env;
  const found = [...(CHROME_PATH === undefined ? [] : [CHROME_PATH]), ...places].find((path) => existsSync(path));
  if (found === undefined) throw new Error('No Chromium was found. Set CHROME_PATH to one.');
  return found;
}

const size = { width: 1440, height: 900 };

/** Runs in the page: intervals of `count` frames in ms, `act(i)` in each. */
const framesOf = (count, act) =>
  new Promise((resolve) => {
    const intervals = [];
    let last;
    let i = -10;
    const frame = (now) => {
      if (last !== undefined && i > 0) intervals.push(now - last);
      last = now;
      if (++i > count) resolve(intervals);
      else {
        act(i);
        requestAnimationFrame(frame);
      }
    };
    requestAnimationFrame(frame);
  });

/** A page with a canvas of the same size that is filled anew in each frame. */
async function openEmpty(browser) {
  const page = await browser.newPage({ viewport: size });
  await page.setContent('<body style="margin:0"><canvas width="1120" height="708"></canvas>');
  await page.evaluate(`window.framesOf = ${framesOf}`);
  return {
    frames: (count) =>
      page.evaluate((n) => {
        const ctx = document.querySelector('canvas').getContext('2d');
        return window.framesOf(n, (i) => {
          ctx.fillStyle = i % 2 ? '#15171c' : '#15171d';
          ctx.fillRect(0, 0, 1120, 708);
        });
      }, count),
    front: () => page.bringToFront(),
  };
}

/** The editor with copies of its template side by side, `nodes` of them in all. */
async function openGraph(browser, url, nodes) {
  const page = await browser.newPage({ viewport: size });
  await page.goto(url);
  await page.waitForFunction(() => window.__editor?.nodes().length > 0 && window.__editor.state.device !== undefined);
  await page.evaluate(`window.framesOf = ${framesOf}`);
  await page.evaluate((wanted) => {
    const { view } = window.__editor;
    const tile = view.save();
    const per = tile.nodes.length;
    const linksPer = tile.links.length;
    const [ids, linkIds] = [tile.last_node_id + 1, tile.last_link_id + 1];
    const graph = { ...tile, nodes: [], links: [], last_node_id: ids * wanted, last_link_id: linkIds * wanted };
    const columns = Math.ceil(Math.sqrt(wanted / per));
    for (let copy = 0; graph.nodes.length < wanted; copy++) {
      const [dx, dy] = [(copy % columns) * 1400, Math.floor(copy / columns) * 900];
      const kept = tile.nodes.slice(0, wanted - graph.nodes.length);
      const has = new Set(kept.map(({ id }) => id));
      const links = tile.links.filter(([, from, , to]) => has.has(from) && has.has(to));
      const known = new Set(links.map(([id]) => id));
      const link = (id) => (id !== null && known.has(id) ? id + copy * linkIds : null);
      for (const node of kept) {
        graph.nodes.push({
          ...node,
          id: node.id + copy * ids,
          pos: [node.pos[0] + dx, node.pos[1] + dy],
          inputs: node.inputs.map((input) => ({ ...input, link: link(input.link) })),
          outputs: node.outputs.map((output) => ({ ...output, links: output.links.map(link).filter((id) => id !== null) })),
        });
      }
      for (const [id, from, output, to, input, type] of links)
        graph.links.push([id + copy * linkIds, from + copy * ids, output, to + copy * ids, input, type]);
      if (linksPer === 0) break;
    }
    view.load(graph);
  }, nodes);
  return {
    async show(how) {
      await page.bringToFront();
      await page.evaluate((all) => {
        window.__editor.view.fit();
        if (!all) window.__editor.view.zoomTo(1);
      }, how === 'all');
    },
    frames: (way, count) =>
      page.evaluate(
        ([kind, n]) => {
          const { canvas } = window.__editor.view;
          const box = canvas.getBoundingClientRect();
          const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
          const point = (type, dx) =>
            canvas.dispatchEvent(
              new PointerEvent(type, {
                pointerId: 7,
                pointerType: 'mouse',
                button: 1,
                buttons: 4,
                clientX: x + dx,
                clientY: y + dx / 3,
                bubbles: true,
              }),
            );
          if (kind === 'pan') point('pointerdown', 0);
          const moved = (i) => 120 * Math.sin(i / 12);
          return window
            .framesOf(n, (i) => {
              if (kind === 'pan') point('pointermove', moved(i));
              else
                canvas.dispatchEvent(
                  new WheelEvent('wheel', { deltaY: i % 40 < 20 ? -20 : 20, clientX: x, clientY: y, bubbles: true, cancelable: true }),
                );
            })
            .then((intervals) => {
              if (kind === 'pan') point('pointerup', moved(n));
              return intervals;
            });
        },
        [way, count],
      ),
    /** Time of drawing once, pixels included, in ms. */
    draw: () =>
      page.evaluate(() => {
        const { canvas } = window.__editor.view;
        const context = canvas.getContext('2d');
        const start = performance.now();
        canvas.data.draw(true, true);
        context.getImageData(0, 0, 1, 1);
        return performance.now() - start;
      }),
    close: () => page.close(),
  };
}

const quantile = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))];

/** Times graphs of 100, 500 and 2,000 nodes; `report(what, {value, low, high}, goal)` takes ratios to the empty page's frame. */
export async function editorFrames(url, { rounds, report }) {
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox', '--force-color-profile=srgb'] });
  try {
    const empty = await openEmpty(browser);
    for (const nodes of [100, 500, 2000]) {
      const graph = await openGraph(browser, url, nodes);
      for (const how of ['near', 'all']) {
        for (const way of ['pan', 'zoom']) {
          const [ratios, slow, draws] = [[], [], []];
          for (let round = 0; round < rounds; round++) {
            await empty.front();
            const least = quantile(await empty.frames(30), 0.5);
            await graph.show(how);
            const intervals = await graph.frames(way, 60);
            ratios.push(quantile(intervals, 0.5) / least);
            slow.push(quantile(intervals, 0.95) / least);
            draws.push((await graph.draw()) / least);
          }
          const three = (list) => ({ value: quantile(list, 0.5), low: quantile(list, 0.25), high: quantile(list, 0.75) });
          const name = `${nodes} nodes, ${how === 'all' ? 'all in view' : 'full size'}, ${way}`;
          report(`${name}: frame ÷ empty page’s frame`, three(ratios), '≤ 1.1');
          report(`${name}: 95th of 100 frames ÷ the same`, three(slow), '≤ 2');
          if (way === 'pan') report(`${name}: one drawing ÷ the same`, three(draws), '≤ 0.6');
        }
      }
      await graph.close();
    }
  } finally {
    await browser.close();
  }
}
