// Makes the calls that it reads, a JSON list, and writes what each came to.
import { readFileSync } from "node:fs";
import * as ses from "@aws-sdk/client-ses";
import * as sesv2 from "@aws-sdk/client-sesv2";

const settings = { endpoint: process.env.AWS_ENDPOINT_URL, maxAttempts: 1 };
const v1 = new ses.SESClient(settings);
const v2 = new sesv2.SESv2Client(settings);
const content = { Subject: { Data: "Hé" }, Body: { Text: { Data: "x" } } };
const named = (to) => (to.length ? { ToAddresses: to } : undefined);

const calls = {
  "v1 simple": ({ from, to }) =>
    v1.send(new ses.SendEmailCommand({ Source: from, Destination: { ToAddresses: to }, Message: content })),
  "v2 simple": ({ from, to }) =>
    v2.send(new sesv2.SendEmailCommand({ FromEmailAddress: from, Destination: { ToAddresses: to }, Content: { Simple: content } })),
  "v1 raw": ({ from, to, raw }) =>
    v1.send(new ses.SendRawEmailCommand({ Source: from, Destinations: to.length ? to : undefined, RawMessage: { Data: Buffer.from(raw, "base64") } })),
  "v2 raw": ({ from, to, raw }) =>
    v2.send(new sesv2.SendEmailCommand({ FromEmailAddress: from, Destination: named(to), Content: { Raw: { Data: Buffer.from(raw, "base64") } } })),
  "v1 bulk": ({ from, to, template }) =>
    v1.send(new ses.SendBulkTemplatedEmailCommand({ Source: from, Template: template, DefaultTemplateData: "{}", Destinations: to.map((each) => ({ Destination: { ToAddresses: [each] } })) })),
  "v2 bulk": ({ from, to, template }) =>
    v2.send(new sesv2.SendBulkEmailCommand({ FromEmailAddress: from, DefaultContent: { Template: { TemplateName: template, TemplateData: "{}" } }, BulkEmailEntries: to.map((each) => ({ Destination: { ToAddresses: [each] } })) })),
  "v2 account": () => v2.send(new sesv2.GetAccountCommand({})),
};

const said = [];
for (const each of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const answer = await calls[each.call](each);
    said.push({
      id: answer.MessageId,
      statuses: (answer.Status ?? answer.BulkEmailEntryResults)?.map(({ Status }) => Status),
      rate: answer.SendQuota?.MaxSendRate,
    });
  } catch (error) {
    said.push({ code: error.name, status: error.$metadata?.httpStatusCode });
  }
}
console.log(JSON.stringify(said));
