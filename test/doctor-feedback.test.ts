import { expect, it } from 'vitest';

import { lookAtWaysBack } from '../cli/doctor-feedback.ts';
import { environmentSchema } from '../config/environment.ts';
import { configSchema } from '../config/schema.ts';
import { secret } from './support/secrets.ts';

const look = (config: object, env: Record<string, string> = {}, toStandIn = false) => {
  const environment = environmentSchema.parse({
    RIVULET_SECRET: secret,
    PUBLIC_URL: 'https://mail.example.com',
    ...env,
  });
  const { templates, ...rest } = configSchema.parse(config);
  return lookAtWaysBack({ ...rest, templates: { ...templates, dir: '/' } }, environment, toStandIn);
};
const topic = 'arn:aws:sns:eu-central-1:123456789012:ses-events';

it.each([
  ['no source at all is a warning', {}, {}, 'warning', 'stop nobody'],
  [
    'a queue in the environment is one',
    {},
    { FEEDBACK_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/q' },
    'ok',
    'SQS',
  ],
  [
    'a queue in the file is one',
    { feedback: { sqs: { queue_url: 'https://sqs.eu-central-1.amazonaws.com/1/q' } } },
    {},
    'ok',
    'SQS',
  ],
  ['an SNS topic is one', { feedback: { sns: { topics: [topic] } } }, {}, 'ok', 'SNS'],
] as const)('%s', (_, config, env, level, says) => {
  const feedback = look(config, env).find(({ about }) => about === 'feedback');
  expect(feedback).toMatchObject({ level, says: expect.stringContaining(says) });
});

it.each([
  ['https://mail.example.com', 'ok', 'lead to'],
  ['http://127.0.0.1:8080', 'warning', 'nobody else can open'],
] as const)('links to %s are %s', (PUBLIC_URL, level, says) => {
  const links = look({ provider: { type: 'smtp' } }, { PUBLIC_URL });
  expect(links).toEqual([{ level, about: 'links', says: expect.stringContaining(says) }]);
});

it('nothing is asked of a system whose mails stay on this machine', () => {
  expect(look({}, {}, true)).toEqual([]);
});
