// Written by `rivulet templates types` from what the templates use: do not change it by hand.

/** Something that a mail can show. */
export type Given = string | number | boolean;

export type Maybe<T> = T | undefined;

export type List<T> = readonly T[];

export type MaybeList<T> = List<T> | undefined;

/** By name of the template: what the payload of its event has to hold. */
export interface TemplateNeeds {
  receipt: {
    currency: Given;
    items?: MaybeList<{
      name: Given;
      price: Given;
      quantity: Given;
    }>;
    order_id: Given;
    total: Given;
  };
  welcome: {
    [more: string]: unknown;
    plan?: Maybe<Given>;
  };
  'first-project': object;
  'invite-team': object;
  'confirm-subscription': object;
  'cart-reminder': {
    currency: Given;
    items?: MaybeList<{
      name: Given;
      price: Given;
      quantity: Given;
    }>;
    total: Given;
    url?: Maybe<Given>;
  };
  'cart-advice': {
    currency: Given;
    total: Given;
    url?: Maybe<Given>;
  };
  'trial-ends-soon': {
    [more: string]: unknown;
    plan?: Maybe<Given>;
  };
  'trial-ends-tomorrow': {
    [more: string]: unknown;
    plan?: Maybe<Given>;
  };
  'we-miss-you': object;
  'last-word': object;
}
