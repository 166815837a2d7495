const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ETIMEDOUT: 'it took too long to connect',
  UND_ERR_CONNECT_TIMEOUT: 'it took too long to connect',
  UND_ERR_HEADERS_TIMEOUT: 'it takes connections and says nothing',
  UND_ERR_BODY_TIMEOUT: 'it stopped in the middle of an answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted (NODE_EXTRA_CA_CERTS)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted (NODE_EXTRA_CA_CERTS)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted (NODE_EXTRA_CA_CERTS)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  EPROTO: 'it does not speak TLS: is it http:// instead of https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: is it http:// instead of https://?',
  HTTPParserError: 'it does not speak HTTP',
  HPE_INVALID_CONSTANT: 'it does not speak HTTP',
  HPE_INVALID_HEADER_TOKEN: 'it does not speak HTTP',
  'bad port': 'the fetch standard bars that port: let the server listen on another one',
  ERR_INVALID_URL: 'the address is no URL, as http://host:port is',
};

/** Why a request got no answer, as the end of a sentence: the innermost cause that is known. */
export function unreachableReason(error: unknown): string {
  const codes: string[] = [];
  let last = '';
  for (let cause = error; cause instanceof Error; cause = innerOf(cause)) {
    if ('code' in cause && typeof cause.code === 'string') codes.push(cause.code);
    else codes.push(cause.name);
    last = cause.message;
  }
  const known = codes.findLast((code) => Object.hasOwn(REASONS, code));
  return (known && REASONS[known]) ?? REASONS[last] ?? last;
}

/** Of the addresses of one host, each of which has failed, the first one tells enough. */
function innerOf(error: Error): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error.cause;
}

/** Whether it was no fault of the server: a file of the body has changed or gone while it was sent. */
export function isFaultOfFile(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = innerOf(cause)) {
    if (cause.name === 'NotReadableError') return true;
  }
  return false;
}
