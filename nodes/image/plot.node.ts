import { joinedPlots } from '../diffusion/joined-plots.ts';
import { choice, defineNode, GraphError, type NodeEvent, optional, type Plot, plot, text } from '../kit/index.ts';

const input = (number: number) => optional(plot({ label: `plot ${number}`, help: 'Curves from a node that measures something.' }));

/** Curves as a drawing. */
export default defineNode({
  type: 'Plot',
  title: 'Plot',
  category: 'image',
  effect: 'show',
  help: 'Draws curves that other nodes measured: the panels of several plots below each other, over one axis.',
  inputs: {
    plot_1: input(1),
    plot_2: input(2),
    plot_3: input(3),
    plot_4: input(4),
    title: text({ label: 'title', advanced: true, help: 'A title; empty takes that of the first plot.' }),
    scale: choice(['linear', 'log'], {
      label: 'scale',
      advanced: true,
      help: 'log draws the logarithm to the base 10, for values of very different size.',
    }),
  },
  outputs: { plot: plot({ label: 'plot', help: 'The joined plot.' }) },
  async *run({ title, scale, ...wired }): AsyncGenerator<NodeEvent, { plot: Plot }, void> {
    const plots = [wired.plot_1, wired.plot_2, wired.plot_3, wired.plot_4].filter((one) => one !== undefined);
    if (plots.length === 0) {
      throw new GraphError('missing-input', 'There is nothing to draw: wire curves to “plot 1”.', { place: { port: 'plot_1' } });
    }
    const joined = joinedPlots(plots, { title, log: scale === 'log' });
    yield { kind: 'show', content: { kind: 'plot', plot: joined } };
    return { plot: joined };
  },
});
