import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from './language.tsx';

interface CopyButtonProps {
  readonly text: string;
  readonly className?: string;
}

/** Copies a text, and says so. */
export function CopyButton({ text, className }: CopyButtonProps) {
  const { texts } = useLanguage();
  const [isCopied, setCopied] = useState(false);
  return (
    <Button {...(className && { className })} onPress={() => void copyText(text).then(setCopied)}>
      {isCopied ? texts.copied : texts.copy}
    </Button>
  );
}

/** @returns whether it was copied */
async function copyText(text: string): Promise<boolean> {
  // Browsers have no clipboard for pages that came by plain HTTP from another machine.
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (!clipboard) return copySelected(text);
  return clipboard.writeText(text).then(
    () => true,
    () => copySelected(text),
  );
}

function copySelected(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
