// What the tests know of the demonstration: it comes from the environment, which the Go test fills.
export const { CENTER, SUBSCRIPTION, TOKEN } = process.env;

export const credential = {
  getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

export const options = { endpoint: CENTER, retryOptions: { maxRetries: 0 } };

// all reads a list to its end.
export async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

export const names = (items) => items.map((item) => item.name).sort();
