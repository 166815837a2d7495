/** Where a blob lies, as workflows and rows name it: opaque, without anything personal. */
export type BlobReference = string;
