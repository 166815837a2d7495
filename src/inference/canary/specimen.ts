/**
 * What stands on the drawn card. The digits are all different enough to be mixed up: a server that reads numbers wrong
 * (three public reports of 2026: ollama 17218, LM Studio 2152, llama.cpp 22785) does it in valid JSON.
 */
export const SPECIMEN = {
  nik: '3201465708930000',
  birthDate: '17-08-1993',
  issueDate: '26-04-2015',
} as const;
