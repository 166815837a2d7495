import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs packages that are none of this project's into a folder that is kept (of the cache), where it does not hold
 * just these yet: npm's, or pip's into a virtual environment.
 * @throws where an installer fails
 */
export function installPackages(folder: string, language: 'node' | 'python', packages: readonly string[]): void {
  const mark = join(folder, 'installed.json');
  const wanted = JSON.stringify(packages);
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  console.log(`installing into ${folder}: ${packages.join(' ')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const run = (command: string, parameters: readonly string[]) =>
    execFileSync(command, parameters, { cwd: folder, stdio: 'inherit' });
  if (language === 'python') {
    run('python3', ['-m', 'venv', folder]);
    run(join(folder, 'bin', 'pip'), ['install', '--quiet', ...packages]);
  } else {
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages]);
  }
  writeFileSync(mark, wanted);
}
