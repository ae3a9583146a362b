/** A page of one language: where it is, and its Markdown. */
export interface Page {
  readonly path: string;
  readonly markdown: string;
}
