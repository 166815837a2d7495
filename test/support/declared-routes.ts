import type { Express } from 'express';

/** The routes of an application, each as its method and its path as the OpenAPI document writes it. */
export function declaredRoutes(app: Express): string[] {
  const routes: string[] = [];
  for (const layer of app.router.stack) {
    if (!layer.route) continue;
    const path = String(layer.route.path).replaceAll(/[:*](\w+)/g, '{$1}');
    for (const { method } of layer.route.stack) if (method) routes.push(`${method} ${path}`);
  }
  return [...new Set(routes)];
}
