// What people read of API Management with @azure/arm-apimanagement, through the center.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiManagementClient } from "@azure/arm-apimanagement";

import { all, credential, names, options, SUBSCRIPTION } from "./demo.mjs";

const [group, service] = ["rg-apis", "tarnwick-retail"];
const client = new ApiManagementClient(credential, SUBSCRIPTION, options);

test("instances", async () => {
  assert.deepEqual(names(await all(client.apiManagementService.list())), [service]);
  assert.deepEqual(names(await all(client.apiManagementService.listByResourceGroup(group))), [service]);
  const instance = await client.apiManagementService.get(group, service);
  assert.match(instance.gatewayUrl, /^https:/);
});

test("APIs, page by page", async () => {
  const whole = await all(client.api.listByService(group, service));
  assert.ok(whole.length > 20);
  const pages = [];
  for await (const page of client.api.listByService(group, service, { top: 10 }).byPage()) pages.push(page.length);
  assert.ok(pages.length > 1, `pages of ${pages}`);

  const orders = await client.api.get(group, service, "product-catalogue");
  assert.equal(orders.name, "product-catalogue");
  await assert.rejects(client.api.get(group, service, "none"), { statusCode: 404, code: "ResourceNotFound" });
});

test("what hangs on an API", async () => {
  const api = "product-catalogue";
  assert.ok(names(await all(client.apiOperation.listByApi(group, service, api))).includes("list-products"));
  assert.equal((await all(client.apiRevision.listByService(group, service, api)))[0].apiRevision, "1");
  await all(client.apiSchema.listByApi(group, service, api));
  await all(client.apiRelease.listByService(group, service, api));
  const exported = await client.apiExport.get(group, service, api, "openapi+json-link", "true");
  assert.match(exported.value.link, /^https:/);
});

test("version sets and products", async () => {
  assert.ok(names(await all(client.apiVersionSet.listByService(group, service))).includes("orders"));
  assert.ok(names(await all(client.product.listByService(group, service))).includes("partner"));
});

test("an API is made, changed and deleted", async () => {
  const made = await client.api.beginCreateOrUpdateAndWait(group, service, "node", { displayName: "Node", path: "node", protocols: ["https"] });
  assert.equal(made.displayName, "Node");
  const changed = await client.api.update(group, service, "node", "*", { displayName: "Renamed" });
  assert.equal(changed.displayName, "Renamed");
  assert.match((await client.api.getEntityTag(group, service, "node")).eTag, /./);
  await client.api.beginDeleteAndWait(group, service, "node", "*");
  await assert.rejects(client.api.get(group, service, "node"), { statusCode: 404 });
});
