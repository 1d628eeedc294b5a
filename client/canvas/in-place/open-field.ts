import { controlProperty } from '../../../workflows/index.ts';
import type { HostNode } from '../../plugin/host.ts';
import { seedWords } from '../../seed-words.ts';
import { type Area, type Desk, idOf } from '../desk.ts';
import type { Field } from '../node-layout.ts';
import { fieldValue, putValue, readTyped, seedControlOf, shownValue } from '../values.ts';
import { type Choosing, openChoices } from './choice-list.ts';
import { homeOf } from './overlay.ts';
import { editField, type InPlace } from './text-editor.ts';

/** What can be chosen for a seed, as it is called in the panels too. */
const controls = (['randomize', 'fixed', 'increment', 'decrement'] as const).map((value) => ({
  value,
  text: `${seedWords[value].name}: ${seedWords[value].help.toLowerCase()}`,
}));

/** Opens what a click or double click on a field opens; a switch is thrown at once. */
export function openField(
  desk: Desk,
  node: HostNode,
  { field, part }: { readonly field: Field; readonly part: 'value' | 'button' },
): InPlace | undefined {
  const { widget } = field.port;
  if (field.slot !== undefined || widget === undefined) return undefined;
  if (part === 'button') return widget.kind === 'seed' ? openControls(desk, node, field) : askForFile(desk, node, field);
  if (widget.kind === 'choice') return openOptions(desk, node, field);
  if (widget.kind === 'color') return askForColour(desk, node, field);
  if (widget.kind !== 'toggle') return editField(desk, node, field);
  putValue(node, field.port, fieldValue(node, field.port) !== true);
  changed(desk, node, field);
  return undefined;
}

function changed(desk: Desk, node: HostNode, { port }: Field): void {
  desk.redraw();
  desk.done(`Change ${port.label ?? port.name}`, `${idOf(node)}.${port.name}`);
}

const areaOf = (node: HostNode, { x, y, width, height }: Field): Area => ({ x: node.pos[0] + x, y: node.pos[1] + y, width, height });

function choose(
  desk: Desk,
  node: HostNode,
  { field, ...choosing }: Omit<Choosing, 'area' | 'closed'> & { readonly field: Field },
): InPlace {
  return openChoices(desk, { ...choosing, area: () => areaOf(node, field), closed: () => desk.redraw() });
}

function openOptions(desk: Desk, node: HostNode, field: Field): InPlace {
  const { port } = field;
  const options = port.widget?.kind === 'choice' ? port.widget.options : [];
  return choose(desk, node, {
    field,
    label: port.label ?? port.name,
    options: options.map((value) => ({ value, text: value })),
    chosen: String(fieldValue(node, port) ?? ''),
    choose(value) {
      if (putValue(node, port, value)) changed(desk, node, field);
    },
  });
}

function openControls(desk: Desk, node: HostNode, field: Field): InPlace {
  return choose(desk, node, {
    field,
    label: `${field.port.label ?? field.port.name}: before each run`,
    options: controls,
    chosen: seedControlOf(node),
    choose(value) {
      if (node.properties[controlProperty] === value) return;
      node.setProperty(controlProperty, value);
      desk.redraw();
      desk.done('Change how the seed changes', `${idOf(node)}.${controlProperty}`);
    },
  });
}

/** The browser's own picker of colours. */
function askForColour(desk: Desk, node: HostNode, field: Field): undefined {
  const input = hiddenInput(desk, 'color');
  input.value = shownValue(field.port, fieldValue(node, field.port));
  input.addEventListener('input', () => {
    const value = readTyped(field.port, input.value);
    if (value !== undefined && putValue(node, field.port, value)) desk.redraw();
  });
  input.addEventListener('change', () => {
    input.remove();
    changed(desk, node, field);
  });
  input.click();
}

function askForFile(desk: Desk, node: HostNode, field: Field): undefined {
  const input = hiddenInput(desk, 'file');
  input.accept = 'image/png,image/jpeg,image/webp';
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    input.remove();
    if (file !== undefined) void uploadTo(desk, node, { file, port: field.port.name });
  });
  input.addEventListener('cancel', () => input.remove());
  input.click();
}

function hiddenInput(desk: Desk, type: 'color' | 'file'): HTMLInputElement {
  const input = desk.element.ownerDocument.createElement('input');
  input.type = type;
  input.tabIndex = -1;
  input.setAttribute('aria-hidden', 'true');
  Object.assign(input.style, { position: 'fixed', opacity: '0', width: '1px', height: '1px', left: '0', top: '0', pointerEvents: 'none' });
  homeOf(desk).append(input);
  return input;
}

/** Puts a picture into the input folder and chooses it; says why if that fails. */
export async function uploadTo(desk: Desk, node: HostNode, { file, port }: { readonly file: File; readonly port: string }): Promise<void> {
  const { upload } = desk.options;
  if (upload === undefined) return;
  try {
    const { name } = await upload(file, file.name);
    putValue(node, { name: port }, name);
    desk.redraw();
    desk.done('Upload a picture', `${idOf(node)}.${port}`);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    desk.events.emit('notice', { message: `“${file.name}” could not be uploaded. ${reason}` });
  }
}
