import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';

const planted = 'orchestrations/planted-for-a-test';

function layers(): { code: number; output: string } {
  try {
    return { code: 0, output: execFileSync(process.execPath, ['scripts/layers.mjs'], { encoding: 'utf8' }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { code: status, output: stdout };
  }
}

function plant(content: string): void {
  mkdirSync(planted, { recursive: true });
  writeFileSync(`${planted}/violation.ts`, content);
}

describe('the layers', () => {
  afterEach(() => rmSync(planted, { recursive: true, force: true }));

  it('hold, and the checker read the modules', () => {
    const { code, output } = layers();
    expect(output).toMatch(/ 0 violations/);
    expect(Number(/^(\d+) modules/m.exec(output)?.[1])).toBeGreaterThan(250);
    expect(code).toBe(0);
  });

  it.each([
    ['an Azure client in an orchestration', "import '../../shared/azure/services.ts';"],
    ['an activity implementation in an orchestration', "import '../../activities/close-round.ts';"],
    ['IO in an orchestration', "import 'node:fs';"],
    [
      'the Durable runtime in an orchestration',
      "import { app } from 'durable-functions';\nexport const a = app;",
    ],
    ['the embedded cloud in the product', "import '../../local/cloud/ports.ts';"],
  ])('refuse %s', (_, content) => {
    plant(content);
    const { code, output } = layers();
    expect(code).toBe(1);
    expect(output).toContain('planted-for-a-test');
  });
});
