import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Request, type Response, Router } from 'express';
import { GraphError } from '../../nodes/kit/index.ts';
import { probeImage } from '../files/gallery.ts';
import { mimeOf } from '../files/image-header.ts';
import { fileInside } from '../files/paths.ts';
import { keepUpload } from '../files/uploads.ts';
import { filePolicy } from '../security/headers.ts';
import { checked } from './body.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods, refusal } from './problems.ts';
import { Folder, ImageQuery, ImagesQuery, UploadQuery } from './schemas.ts';

/** Everything under `/v1/images`. */
export function imageRoutes(context: ServerContext): Router {
  const router = Router();
  router
    .route('/images')
    .get(async (request, response) => {
      const { folder, limit, under } = checked(ImagesQuery, request.query);
      response.json({ images: await context.gallery.list(folder, limit, under) });
    })
    .post(async (request, response) => {
      const { path, name } = await receive(request, response, context);
      const { folders, limits } = context;
      const file = await keepUpload(path, name, { folder: folders.images.input, pixels: limits.pixels });
      await context.catalogue.refresh();
      response.status(201).json(file);
    })
    .all(onlyMethods('GET', 'POST'));
  router
    .route('/images/:folder/*name')
    .get((request, response) => sendImage(request, response, context))
    .all(onlyMethods('GET'));
  return router;
}

async function sendImage(request: Request, response: Response, { folders, thumbnails, log }: ServerContext): Promise<void> {
  const { width } = checked(ImageQuery, request.query);
  const folder = Folder.safeParse(request.params.folder);
  if (!folder.success) throw refusal(404, 'not-found', 'Pictures are in the folders input, output and preview.');
  const path = await fileInside(folders.images[folder.data], [request.params.name].flat().join('/'));
  const header = await probeImage(path);
  if (header === undefined) throw refusal(415, 'bad-image', 'This file is no PNG, JPEG or WebP picture, and only those are given out.');
  const small = width === undefined || width >= header.width ? undefined : await shrunk(path, width);
  response.set({ 'Content-Type': small === undefined ? mimeOf(header.format) : 'image/webp', 'Content-Security-Policy': filePolicy });
  await sendFile(response, small ?? path);

  async function shrunk(from: string, to: number): Promise<string | undefined> {
    return thumbnails.of(from, to).catch((error: unknown) => {
      log.warn({ err: error }, 'No thumbnail could be made; the picture itself is sent');
      return undefined;
    });
  }
}

/** Names may be used again for other pictures, so they are asked for each time; the answer is then mostly 304. */
function sendFile(response: Response, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Cache-Control': 'private, no-cache' };
    response.sendFile(path, { dotfiles: 'allow', cacheControl: false, headers }, (error) => {
      if (error === undefined || response.headersSent) resolve();
      else reject(error);
    });
  });
}

interface Received {
  readonly path: string;
  readonly name: string;
}

function receive(request: Request, response: Response, context: ServerContext): Promise<Received> {
  const multipart = request.is('multipart/form-data') === 'multipart/form-data';
  return multipart ? receiveForm(request, response, context) : receiveRaw(request, context);
}

const tooLarge = (limit: number): GraphError =>
  new GraphError('too-large', `The picture is larger than ${limit} bytes. Scale it down, or save it as JPEG, and try again.`);

/** Multer is loaded with the first form. */
async function receiveForm(request: Request, response: Response, { folders, limits }: ServerContext): Promise<Received> {
  const { default: multer } = await import('multer');
  const parts = { fileSize: limits.upload, files: 1, fields: 4, parts: 5, fieldSize: 1024, headerPairs: 20 };
  const form = multer({ dest: folders.uploads, limits: parts, defParamCharset: 'utf8' }).single('image');
  await new Promise<void>((resolve, reject) => {
    form(request, response, (thrown: unknown) => {
      if (thrown === undefined || thrown === null) resolve();
      else reject(formProblem(thrown, limits.upload));
    });
  });
  const { file } = request;
  if (file === undefined) throw refusal(400, 'missing-input', 'The form has no file. Send the picture in a field with the name “image”.');
  return { path: file.path, name: file.originalname };
}

function formProblem(thrown: unknown, limit: number): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const code = 'code' in thrown ? thrown.code : undefined;
  if (code === 'LIMIT_FILE_SIZE') return tooLarge(limit);
  if (code === 'ENOSPC') return thrown;
  return refusal(400, 'bad-image', `The form could not be read: ${thrown.message}. Send one picture in a field with the name “image”.`);
}

async function receiveRaw(request: IncomingMessage & { query: unknown }, { folders, limits }: ServerContext): Promise<Received> {
  const { name = 'image' } = checked(UploadQuery, request.query);
  if (Number(request.headers['content-length'] ?? 0) > limits.upload) {
    request.resume();
    throw tooLarge(limits.upload);
  }
  const path = join(folders.uploads, randomUUID());
  try {
    await pipeline(request, atMost(limits.upload), createWriteStream(path, { flags: 'wx' }));
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  }
  return { path, name };
}

/** Passes bytes on up to the limit, reads the rest without keeping it, so that the answer gets through, and then fails with `too-large`. */
function atMost(limit: number): Transform {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      done(null, length > limit ? undefined : chunk);
    },
    flush(done) {
      done(length > limit ? tooLarge(limit) : null);
    },
  });
}
