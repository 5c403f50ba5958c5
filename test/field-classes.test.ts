import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { classesIn } from '../events/field-classes.ts';
import { eventTypes } from '../events/index.ts';
import { consent, contact } from '../events/person.ts';

const blocks = { ...eventTypes, contact, consent };
const unclassed = (schemas: Record<string, z.ZodType>) =>
  Object.entries(schemas).flatMap(([name, schema]) =>
    Object.entries(classesIn(schema))
      .filter(([, found]) => found === undefined)
      .map(([path]) => `${name}: ${path}`),
  );

describe('the class of a field', () => {
  it('is said for every field of every event, of contacts and of consents: nothing is public because nobody thought of it', () => {
    expect(unclassed(blocks)).toEqual([]);
  });

  it('is missed where nobody has said it, however deep the field lies', () => {
    const visit = z.object({
      id: z.string().meta({ class: 'public' }),
      pages: z.array(z.object({ title: z.string().optional() })).default([]),
    });
    expect(unclassed({ visit })).toEqual(['visit: pages[].title']);
  });

  // Journeys branch on language, zone and country: as codes of closed lists these enter Temporal, so they are public.
  it('is personal for who somebody is, and public for the codes of where they are and for what an order costs', () => {
    expect(classesIn(contact)).toEqual({
      email: 'personal',
      name: 'personal',
      locale: 'public',
      time_zone: 'public',
      country: 'public',
    });
    expect(classesIn(consent)).toMatchObject({ ip: 'personal', user_agent: 'personal', 'topics[]': 'public' });
    expect(classesIn(eventTypes['order.completed'])).toMatchObject({
      order_id: 'public',
      total: 'public',
      'items[].price': 'public',
      'items[].name': 'personal',
    });
  });
});
