import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import first from 'lucide-static/icons/arrow-up-to-line.svg?raw';
import box from 'lucide-static/icons/box.svg?raw';
import check from 'lucide-static/icons/check.svg?raw';
import chevronDown from 'lucide-static/icons/chevron-down.svg?raw';
import copy from 'lucide-static/icons/copy.svg?raw';
import dice from 'lucide-static/icons/dices.svg?raw';
import download from 'lucide-static/icons/download.svg?raw';
import eject from 'lucide-static/icons/eject.svg?raw';
import grip from 'lucide-static/icons/grip-vertical.svg?raw';
import clock from 'lucide-static/icons/history.svg?raw';
import grid from 'lucide-static/icons/layout-grid.svg?raw';
import link from 'lucide-static/icons/link.svg?raw';
import list from 'lucide-static/icons/list.svg?raw';
import maximize from 'lucide-static/icons/maximize.svg?raw';
import minus from 'lucide-static/icons/minus.svg?raw';
import moon from 'lucide-static/icons/moon.svg?raw';
import panel from 'lucide-static/icons/panel-right.svg?raw';
import hold from 'lucide-static/icons/pause.svg?raw';
import pin from 'lucide-static/icons/pin.svg?raw';
import play from 'lucide-static/icons/play.svg?raw';
import plus from 'lucide-static/icons/plus.svg?raw';
import redo from 'lucide-static/icons/redo-2.svg?raw';
import reset from 'lucide-static/icons/rotate-ccw.svg?raw';
import search from 'lucide-static/icons/search.svg?raw';
import sun from 'lucide-static/icons/sun.svg?raw';
import trash from 'lucide-static/icons/trash-2.svg?raw';
import undo from 'lucide-static/icons/undo-2.svg?raw';
import upload from 'lucide-static/icons/upload.svg?raw';
import blocks from 'lucide-static/icons/workflow.svg?raw';
import close from 'lucide-static/icons/x.svg?raw';

const icons = {
  blocks,
  box,
  check,
  chevronDown,
  close,
  copy,
  dice,
  download,
  eject,
  grid,
  hold,
  grip,
  first,
  clock,
  link,
  list,
  maximize,
  minus,
  moon,
  panel,
  pin,
  play,
  plus,
  redo,
  reset,
  search,
  sun,
  trash,
  undo,
  upload,
};
export type IconName = keyof typeof icons;

/** A line drawing of Lucide (ISC licence); always beside a word or in a labelled button. */
export const icon = (name: IconName) =>
  unsafeHTML(icons[name].replace(/<!--.*?-->/s, '').replace('<svg', '<svg aria-hidden="true" focusable="false"'));
