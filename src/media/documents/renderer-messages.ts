import type { DocumentKind } from './document-kind.ts';

/** To the renderer: first a document, then pages of it by their index. */
export type RendererRequest =
  | { readonly type: 'open'; readonly kind: DocumentKind; readonly bytes: Uint8Array }
  | { readonly type: 'render'; readonly index: number };

/** Why a document or page could not be opened, as far as its decoder tells. */
export type RendererFault = 'encrypted' | 'damaged' | 'too_large' | 'unsupported';

export type RendererAnswer =
  | { readonly type: 'opened'; readonly pages: number }
  /** A JPEG. */
  | { readonly type: 'rendered'; readonly image: Uint8Array }
  | { readonly type: 'failed'; readonly fault: RendererFault };
