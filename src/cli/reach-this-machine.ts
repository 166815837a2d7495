import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici';

const THIS_MACHINE = 'localhost,127.0.0.1,::1';

/**
 * With NODE_USE_ENV_PROXY (Node 22.21, 24) every fetch goes through the proxy of the environment, also to the server on
 * this machine, which no proxy can reach: it is left out, as it is in every browser.
 */
export function reachThisMachineDirectly(environment: NodeJS.ProcessEnv = process.env): void {
  if (!environment.NODE_USE_ENV_PROXY) return;
  const noProxy = [environment.no_proxy ?? environment.NO_PROXY, THIS_MACHINE].filter(Boolean).join(',');
  setGlobalDispatcher(new EnvHttpProxyAgent({ noProxy }));
}
