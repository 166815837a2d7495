import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { addressOf } from '../api.ts';
import { CopyButton } from '../copy-button.tsx';
import { useLanguage } from '../language.tsx';

/** The answer as it came, and the same request for those who go on by program. Keys are never shown. */
export function RequestCode({ job }: { readonly job: unknown }) {
  const { texts } = useLanguage();
  const url = addressOf('v1/ktp/extractions?wait=60');
  const codes = {
    JSON: JSON.stringify(job, null, 2),
    curl: `curl '${url}' \\\n  -H "Authorization: Bearer $KTPFLOW_API_KEY" \\\n  -F image=@card.jpg`,
    Python: `import os, requests

with open("card.jpg", "rb") as image:
    job = requests.post(
        "${url}",
        headers={"Authorization": f"Bearer {os.environ['KTPFLOW_API_KEY']}"},
        files={"image": image},
        timeout=70,
    ).json()
print(job["result"]["fields"]["nik"]["value"])`,
  };
  return (
    <section className="code">
      <h2>{texts.code}</h2>
      <Tabs>
        <TabList aria-label={texts.code}>
          {Object.keys(codes).map((name) => (
            <Tab key={name} id={name}>
              {name}
            </Tab>
          ))}
        </TabList>
        {Object.entries(codes).map(([name, code]) => (
          <TabPanel key={name} id={name}>
            <CopyButton className="copy" text={code} />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and has to by keyboard too */}
            <section className="scroller" tabIndex={0} aria-label={name}>
              <pre>{code}</pre>
            </section>
          </TabPanel>
        ))}
      </Tabs>
    </section>
  );
}
