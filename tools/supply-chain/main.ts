import { writeFile } from 'node:fs/promises';
import { reportLicences } from './licences.ts';
import { npmSbom } from './npm-sbom.ts';
import { completeSbom } from './sbom.ts';
import { auditPackages } from './vulnerabilities.ts';

/**
 * What ktpflow is made of: `sbom [FILE]`, `licences`, `vulnerabilities`. Ends with 1 where a person has to look, and with
 * 3 where nothing could be asked.
 */
const NOT_ASKED = 3;

const commands: Readonly<Record<string, (argument?: string) => Promise<number>>> = {
  async sbom(file = 'sbom.cdx.json') {
    const sbom = completeSbom(await npmSbom());
    await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`);
    console.log(`${file}: ${sbom.components.length} components`);
    return 0;
  },
  async licences() {
    const { counts, refused, reviewed } = reportLicences(completeSbom(await npmSbom()).components);
    for (const [licence, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${count}\t${licence}`);
    for (const one of reviewed) console.log(`reviewed\t${one.package}\t${one.licence}: ${one.because}`);
    for (const one of refused) console.error(`refused\t${one.package}\t${one.licence}`);
    return refused.length > 0 ? 1 : 0;
  },
  async vulnerabilities() {
    const report = await auditPackages();
    if (!report) {
      console.error('not checked: the registry that npm uses here answers no audit');
      return NOT_ASKED;
    }
    for (const line of report.lines) console.log(line);
    console.log(`${report.lines.length} known, ${report.serious} of them high or critical`);
    return report.serious > 0 ? 1 : 0;
  },
};

const [name = '', argument] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  console.error(`usage: supply-chain ${Object.keys(commands).join(' | ')}`);
  process.exitCode = 2;
} else {
  process.exitCode = await command(argument);
}
