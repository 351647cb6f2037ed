import { defineConfig } from 'vite';

export default defineConfig({
  base: '/graphiql/',
  build: {
    // The Content-Security-Policy allows no data: fonts, so every asset is a file.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4096,
    license: { fileName: 'licenses.md' },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
});
