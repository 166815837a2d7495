/** What we use of the package, which brings no types. */
declare module 'fs-native-extensions' {
  /**
   * Takes an exclusive lock of the kernel on an open file, or answers false while another open of it holds one. The lock
   * ends when the file is closed, and so with its process.
   * @throws an error with `code` where the file system has no locks (ENOLCK, ENOTSUP …)
   */
  export function tryLock(fileDescriptor: number): boolean;
}
