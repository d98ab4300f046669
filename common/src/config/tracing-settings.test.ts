import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { MisconfiguredError } from '../errors/errors.js';
import { readEnvironment, type Environment } from './environment.js';
import { isTraced, TRACING_SETTINGS, unknownTracingValues } from './tracing-settings.js';

function read(environment: Environment) {
  return readEnvironment(z.object(TRACING_SETTINGS), environment);
}

describe('the settings of traces', () => {
  it('trace nothing unless they say where to', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    assert.equal(isTraced(read({})), false);
    assert.equal(isTraced(read({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })), false);
    assert.equal(isTraced(read(endpoint)), true);
    assert.equal(isTraced(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' })), true);
    assert.equal(isTraced(read({ OTEL_TRACES_EXPORTER: 'otlp' })), true);
    assert.equal(isTraced(read({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })), false);
    assert.equal(isTraced(read({ ...endpoint, OTEL_SDK_DISABLED: 'true' })), false);
  });

  it('are refused by name with what they take', () => {
    for (const [name, value, remedy] of [
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', /give a URL such as/],
      ['OTEL_TRACES_SAMPLER_ARG', '1.5', /give a number from 0 to 1/],
      ['OTEL_TRACES_SAMPLER_ARG', ' ', /give a number from 0 to 1/],
      ['OTEL_BSP_MAX_QUEUE_SIZE', '0', /give an integer from 1/],
    ] as const) {
      assert.throws(
        () => read({ [name]: value }),
        (error) => {
          assert.ok(error instanceof MisconfiguredError);
          assert.ok(error.message.startsWith(`${name}="${value}"`), error.message);
          assert.match(error.message, remedy);
          return true;
        },
      );
    }
  });

  it('take booleans and enumerations as the specification has them: in any case, the unknown as not set', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    for (const word of ['true', 'TRUE', 'True'])
      assert.equal(isTraced(read({ ...endpoint, OTEL_SDK_DISABLED: word })), false, word);
    for (const word of ['false', 'FALSE', '1', 'yes'])
      assert.equal(isTraced(read({ ...endpoint, OTEL_SDK_DISABLED: word })), true, word);
    assert.equal(read({ OTEL_TRACES_SAMPLER: 'Always_Off' }).OTEL_TRACES_SAMPLER, 'always_off');
    assert.equal(read({ OTEL_TRACES_SAMPLER: 'xray' }).OTEL_TRACES_SAMPLER, 'parentbased_always_on');
    assert.equal(
      read({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }).OTEL_EXPORTER_OTLP_PROTOCOL,
      'http/protobuf',
    );
    assert.equal(isTraced(read({ OTEL_TRACES_EXPORTER: 'OTLP' })), true);
    assert.equal(isTraced(read({ OTEL_TRACES_EXPORTER: 'jaeger' })), false);
    assert.equal(isTraced(read({ ...endpoint, OTEL_TRACES_EXPORTER: 'jaeger' })), true);
  });

  it('name every value that is not known', () => {
    assert.deepEqual(unknownTracingValues({ OTEL_SDK_DISABLED: 'True', OTEL_TRACES_SAMPLER: '' }), []);
    assert.deepEqual(unknownTracingValues({ OTEL_SDK_DISABLED: '1', OTEL_TRACES_EXPORTER: 'jaeger' }), [
      'OTEL_SDK_DISABLED="1" counts as not set: give one of true, false',
      'OTEL_TRACES_EXPORTER="jaeger" counts as not set: give one of otlp, none',
    ]);
  });
});
