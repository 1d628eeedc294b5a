import { decodePreview, type PreviewHeader } from '../workflows/protocol.ts';

/** A preview as it came: what it belongs to, and a JPEG. */
export interface Preview {
  readonly header: PreviewHeader;
  readonly jpeg: Uint8Array;
}

/** Takes binary frames out of the socket's hands, and gives the newest of each node on when the page has time. */
export interface PreviewBox {
  put(frame: ArrayBuffer): void;
  clear(): void;
}

/** Frames that come in one burst are unpacked together; of each node only the newest goes on. */
export function createPreviewBox(give: (preview: Preview) => void): PreviewBox {
  let frames: ArrayBuffer[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const unpack = (): void => {
    timer = undefined;
    const newest = new Map<string, Preview>();
    for (const frame of frames.splice(0)) {
      const preview = decodePreview(new Uint8Array(frame));
      if (preview === undefined) continue;
      const key = `${preview.header.job} ${preview.header.node}`;
      newest.delete(key);
      newest.set(key, { header: preview.header, jpeg: preview.bytes });
    }
    for (const preview of newest.values()) give(preview);
  };
  return {
    put(frame) {
      frames.push(frame);
      timer ??= setTimeout(unpack, 0);
    },
    clear() {
      clearTimeout(timer);
      timer = undefined;
      frames = [];
    },
  };
}
