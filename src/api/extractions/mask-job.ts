import { toCompatibleCard } from '../../ktp/compat.ts';
import { FIELD_NAMES, type FieldName } from '../../ktp/field-names.ts';
import { maskValue } from '../../ktp/mask-value.ts';
import type { ParsedKtpResult } from '../../ktp/schema.ts';
import type { ExtractionJob } from './job-schema.ts';

/** The job with its values masked: that something was read and how sure it is, not what it says. */
export function maskJob(job: ExtractionJob): ExtractionJob {
  return {
    ...job,
    result: job.result && maskResult(job.result),
    results: job.results?.map(maskResult) ?? null,
    reference_id: null,
    metadata: null,
  };
}

function maskResult(result: ParsedKtpResult): ParsedKtpResult {
  const fields = { ...result.fields };
  for (const name of FIELD_NAMES) fields[name] = maskField(name, fields[name]);
  return { ...result, fields, compat: toCompatibleCard(fields) };
}

function maskField(name: FieldName, field: ParsedKtpResult['fields'][FieldName]) {
  const { box, confidence, source, value, warnings } = field;
  const masked = value === null ? null : maskValue(name, value);
  return { value: masked, raw: masked, confidence, source, box, warnings, alternatives: [] };
}
