import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { hostOf } from './hosts.ts';

/** What a file of a user may do if it is opened by itself: nothing. */
export const filePolicy = "default-src 'none'; sandbox";

/** Security headers of every answer. Scripts and styles only from files of ours; no eval, nothing inline. */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:'],
        fontSrc: ["'self'"],
        manifestSrc: ["'self'"],
        // Older browsers do not count the socket of the same host as 'self'.
        connectSrc: ["'self'", ({ headers }) => `ws://${hostOf(headers.host) === undefined ? 'localhost' : headers.host}`],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
}
