/** The page at /console: every address in it is relative, so that it works behind any prefix. */
export default {
  base: './',
  // An odd folder is built under another name: see scripts/build.mjs.
  resolve: { preserveSymlinks: true },
  build: {
    target: 'es2022',
    emptyOutDir: true,
    assetsDir: 'assets',
    // Each picture and style is a file of its own: the page's policy allows no other ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // One page, one file: 145 KB as it is sent.
    chunkSizeWarningLimit: 700,
  },
};
