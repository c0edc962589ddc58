// An integrator who has nothing but openapi.yaml: the types made from it, openapi-fetch, and the real server over TLS
// with the certificate it made on its first start (NODE_EXTRA_CA_CERTS). One submission, one timeline read.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type FragmentIn = components["schemas"]["FragmentIn"];

/** A setting from the script that started the server. */
function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

function client(token: string) {
  return createClient<paths>({ baseUrl: needed("STORY_URL"), headers: { Authorization: `Bearer ${token}` } });
}

/** A name for each thing we want done, so that a retry has one effect. */
function once() {
  return { header: { "Idempotency-Key": crypto.randomUUID() } };
}

/** What the document promises for success, or the problem as the reason why not. */
function done<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const worker = client(needed("STORY_WORKER"));
const surgery = client(needed("STORY_SURGERY"));

async function prepare(): Promise<{ chronology: string; child: string }> {
  const child = done(
    await worker.POST("/v1/people", {
      params: once(),
      body: {
        kind: "child",
        name: { given: "Maren", family: "Ashdown" },
        birth: { date: "2017-05-03" },
        nhs_number: needed("STORY_NHS_NUMBER"),
      },
    }),
  ).id;
  const family = done(
    await worker.POST("/v1/families", { params: once(), body: { label: "Ashdown family", members: [child] } }),
  );
  const chronology = done(
    await worker.POST("/v1/chronologies", {
      params: once(),
      body: { family_id: family.id, purpose: "strategy_discussion", lawful_basis: "public_task", family_told: true },
    }),
  ).id;
  const me = done(await surgery.GET("/v1/me"));
  const path = { chronology_id: chronology };
  done(
    await worker.POST("/v1/chronologies/{chronology_id}/invitations", {
      params: { path, ...once() },
      body: { agency_id: me.agency_id, practitioners: [me.id] },
    }),
  );
  done(await worker.POST("/v1/chronologies/{chronology_id}/open", { params: { path, ...once() } }));
  return { chronology, child };
}

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
  const params = { path: { chronology_id: chronology }, ...once() };
  const receipt = done(await surgery.POST("/v1/chronologies/{chronology_id}/fragments", { params, body }));
  assert.equal(receipt.outcome, "created");
  const again = await surgery.POST("/v1/chronologies/{chronology_id}/fragments", { params, body });
  assert.equal(again.response.headers.get("Idempotent-Replayed"), "true");
  assert.deepEqual(again.data, receipt);
}

async function read(chronology: string, child: string): Promise<void> {
  const timeline = done(
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

async function refuse(chronology: string): Promise<void> {
  const { error, response } = await client("not.a.token").GET("/v1/chronologies/{chronology_id}", {
    params: { path: { chronology_id: chronology } },
  });
  assert.equal(response.status, 401);
  assert.equal(error?.status, 401);
}

const { chronology, child } = await prepare();
await submit(chronology, child);
await read(chronology, child);
await refuse(chronology);
console.log("== one submission and one timeline read, typed from openapi.yaml, over TLS");
