// Every operation that @azure/arm-apicenter has.
import assert from "node:assert/strict";
import { test } from "node:test";

import { AzureAPICenter } from "@azure/arm-apicenter";

import { all, credential, names, options, SUBSCRIPTION } from "./demo.mjs";

const group = "rg-center";
const client = new AzureAPICenter(credential, SUBSCRIPTION, options);

test("a service is made, read, changed and deleted", async () => {
  const made = await client.services.createOrUpdate(group, "node", { resource: { location: "westeurope", tags: { team: "a" } } });
  assert.equal(made.name, "node");
  assert.equal(made.type.toLowerCase(), "microsoft.apicenter/services");
  assert.equal(made.provisioningState, "Succeeded");
  assert.ok(made.systemData.createdAt instanceof Date);

  const replaced = await client.services.createOrUpdate(group, "node", { resource: { location: "westeurope", tags: { team: "b" } } });
  assert.deepEqual(replaced.tags, { team: "b" });

  // In this version of the client an update has nothing that can be set: it sends {}.
  const updated = await client.services.update(group, "node", { parameters: {} });
  assert.deepEqual(updated.tags, replaced.tags);

  const read = await client.services.get(group, "node");
  assert.deepEqual(read.tags, updated.tags);
  assert.equal(read.location, "westeurope");

  assert.deepEqual(names(await all(client.services.listByResourceGroup(group))), ["demo", "node"]);
  assert.ok(names(await all(client.services.listBySubscription())).includes("node"));

  await client.services.delete(group, "node");
  await client.services.delete(group, "node"); // 204: it is gone already
  await assert.rejects(client.services.get(group, "node"), { statusCode: 404, code: "ResourceNotFound" });
  assert.deepEqual(names(await all(client.services.listByResourceGroup(group))), ["demo"]);
});

test("an identity is switched on and off", async () => {
  const on = await client.services.createOrUpdate(group, "identified", { resource: { location: "westeurope", identity: { type: "SystemAssigned" } } });
  assert.equal(on.identity.type, "SystemAssigned");
  assert.match(on.identity.principalId, /^[0-9a-f-]{36}$/);
  assert.match(on.identity.tenantId, /^[0-9a-f-]{36}$/);
  const off = await client.services.createOrUpdate(group, "identified", { resource: { location: "westeurope", identity: { type: "None" } } });
  assert.equal(off.identity?.principalId, undefined);
  await client.services.delete(group, "identified");
});

test("the operations of the provider are listed", async () => {
  const operations = names(await all(client.operations.list()));
  assert.ok(operations.includes("Microsoft.ApiCenter/services/read"), operations.join(" "));
});

test("what is not there, and who is nobody, are errors that the client reads", async () => {
  await assert.rejects(client.services.get(group, "none"), { statusCode: 404, code: "ResourceNotFound" });
  const nobody = new AzureAPICenter({ getToken: async () => ({ token: "wrong", expiresOnTimestamp: Date.now() + 3_600_000 }) }, SUBSCRIPTION, options);
  await assert.rejects(nobody.services.get(group, "demo"), { statusCode: 401 });
});
