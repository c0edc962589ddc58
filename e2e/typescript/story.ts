// The client of an integrator who has only openapi.yaml: types generated from it, openapi-fetch, and the real server over
// TLS with the certificate that it created on its first start (NODE_EXTRA_CA_CERTS). It submits one fragment and reads the
// timeline.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type FragmentIn = components["schemas"]["FragmentIn"];

/** An environment variable set by with_service.py. Throws an error if it is missing. */
function requiredVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

/** A client of the service that sends this token. */
function client(token: string) {
  return createClient<paths>({ baseUrl: requiredVariable("STORY_URL"), headers: { Authorization: `Bearer ${token}` } });
}

/** A new idempotency key. A request that is retried with the same key has one effect. */
function idempotencyKey() {
  return { header: { "Idempotency-Key": crypto.randomUUID() } };
}

/** The response body of a successful request. Throws an error with the problem document otherwise. */
function expectSuccess<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (result.data === undefined) throw new Error(`${result.response.status}: ${JSON.stringify(result.error)}`);
  return result.data;
}

const worker = client(requiredVariable("STORY_WORKER"));
const surgery = client(requiredVariable("STORY_SURGERY"));

/** Creates a child, a family and an open chronology to which the surgery is invited. */
async function prepare(): Promise<{ chronology: string; child: string }> {
  const child = expectSuccess(
    await worker.POST("/v1/people", {
      params: idempotencyKey(),
      body: {
        kind: "child",
        name: { given: "Maren", family: "Ashdown" },
        birth: { date: "2017-05-03" },
        nhs_number: requiredVariable("STORY_NHS_NUMBER"),
      },
    }),
  ).id;
  const family = expectSuccess(
    await worker.POST("/v1/families", { params: idempotencyKey(), body: { label: "Ashdown family", members: [child] } }),
  );
  const chronology = expectSuccess(
    await worker.POST("/v1/chronologies", {
      params: idempotencyKey(),
      body: { family_id: family.id, purpose: "strategy_discussion", lawful_basis: "public_task", family_told: true },
    }),
  ).id;
  const me = expectSuccess(await surgery.GET("/v1/me"));
  const path = { chronology_id: chronology };
  expectSuccess(
    await worker.POST("/v1/chronologies/{chronology_id}/invitations", {
      params: { path, ...idempotencyKey() },
      body: { agency_id: me.agency_id, practitioners: [me.id] },
    }),
  );
  expectSuccess(await worker.POST("/v1/chronologies/{chronology_id}/open", { params: { path, ...idempotencyKey() } }));
  return { chronology, child };
}

/** Submits a fragment, and once more with the same idempotency key. */
async function submit(chronology: string, child: string): Promise<void> {
  const body: FragmentIn = {
    sharing: { decided_by: "Practice safeguarding lead", reason: "Relevant to the section 47 enquiry" },
    entries: [
      {
        when: { words: "early March 2026" },
        what: "Bruise to the upper arm seen at an unrelated visit",
        category: "HEALTH",
        significance: "risk",
        source: { role: "practice nurse", record_system: "EMIS" },
        children: [child],
        action_taken: "Discussed with the health visitor",
        seen: "seen_alone",
      },
    ],
  };
  const params = { path: { chronology_id: chronology }, ...idempotencyKey() };
  const receipt = expectSuccess(await surgery.POST("/v1/chronologies/{chronology_id}/fragments", { params, body }));
  assert.equal(receipt.outcome, "created");
  const again = await surgery.POST("/v1/chronologies/{chronology_id}/fragments", { params, body });
  assert.equal(again.response.headers.get("Idempotent-Replayed"), "true");
  assert.deepEqual(again.data, receipt);
}

/** Reads the timeline with filters that match the entry, and with one that does not. */
async function read(chronology: string, child: string): Promise<void> {
  const timeline = expectSuccess(
    await worker.GET("/v1/chronologies/{chronology_id}/timeline", {
      params: { path: { chronology_id: chronology }, query: { child: [child], significance: ["risk", "both"] } },
    }),
  );
  assert.equal(timeline.rows.length, 1);
  const [row] = timeline.rows;
  assert.equal(row?.accounts[0]?.what, "Bruise to the upper arm seen at an unrelated visit");
  assert.equal(row?.children[0]?.id, child);
  assert.equal(timeline.header.coverage[0]?.state, "submitted");
  const strengths = await worker.GET("/v1/chronologies/{chronology_id}/timeline", {
    params: { path: { chronology_id: chronology }, query: { significance: ["strength"] } },
  });
  assert.equal(strengths.data?.rows.length, 0);
}

/** Calls the service with an invalid token. */
async function expectUnauthorized(chronology: string): Promise<void> {
  const { error, response } = await client("not.a.token").GET("/v1/chronologies/{chronology_id}", {
    params: { path: { chronology_id: chronology } },
  });
  assert.equal(response.status, 401);
  assert.equal(error?.status, 401);
}

const { chronology, child } = await prepare();
await submit(chronology, child);
await read(chronology, child);
await expectUnauthorized(chronology);
console.log("== one submission and one timeline read, typed from openapi.yaml, over TLS");
