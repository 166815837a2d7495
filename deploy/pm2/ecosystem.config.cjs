// See docs/running-as-a-service.md.
const { join } = require('node:path');

module.exports = {
  apps: [
    {
      name: 'ktpflow',
      script: 'scripts/start.mjs',
      cwd: join(__dirname, '..', '..'),
      // One supervisor: its home has one owner. It starts its own children.
      exec_mode: 'fork',
      instances: 1,
      // pm2 would signal the children as well, and take Temporal away from an API that still drains.
      treekill: false,
      kill_timeout: 30_000,
      restart_delay: 5_000,
      env: { NODE_ENV: 'production' },
    },
  ],
};
