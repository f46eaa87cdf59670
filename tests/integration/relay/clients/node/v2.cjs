// Makes the calls that it reads, a JSON list, and writes what each came to.
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const { readFileSync } = require("node:fs");
const aws = require("aws-sdk");

const settings = { endpoint: process.env.AWS_ENDPOINT_URL, maxRetries: 0 };
const v1 = new aws.SES(settings);
const v2 = new aws.SESV2(settings);
const content = { Subject: { Data: "Hé" }, Body: { Text: { Data: "x" } } };
const named = (to) => (to.length ? { ToAddresses: to } : undefined);

const calls = {
  "v1 simple": ({ from, to }) =>
    v1.sendEmail({ Source: from, Destination: { ToAddresses: to }, Message: content }),
  "v2 simple": ({ from, to }) =>
    v2.sendEmail({ FromEmailAddress: from, Destination: { ToAddresses: to }, Content: { Simple: content } }),
  "v1 raw": ({ from, to, raw }) =>
    v1.sendRawEmail({ Source: from, Destinations: to.length ? to : undefined, RawMessage: { Data: Buffer.from(raw, "base64") } }),
  "v2 raw": ({ from, to, raw }) =>
    v2.sendEmail({ FromEmailAddress: from, Destination: named(to), Content: { Raw: { Data: Buffer.from(raw, "base64") } } }),
  "v1 bulk": ({ from, to, template }) =>
    v1.sendBulkTemplatedEmail({ Source: from, Template: template, DefaultTemplateData: "{}", Destinations: to.map((each) => ({ Destination: { ToAddresses: [each] } })) }),
  "v2 bulk": ({ from, to, template }) =>
    v2.sendBulkEmail({ FromEmailAddress: from, DefaultContent: { Template: { TemplateName: template, TemplateData: "{}" } }, BulkEmailEntries: to.map((each) => ({ Destination: { ToAddresses: [each] } })) }),
  "v2 account": () => v2.getAccount(),
};

async function main() {
  const said = [];
  for (const each of JSON.parse(readFileSync(0, "utf8"))) {
    try {
      const answer = await calls[each.call](each).promise();
      said.push({
        id: answer.MessageId,
        statuses: (answer.Status ?? answer.BulkEmailEntryResults)?.map(({ Status }) => Status),
        rate: answer.SendQuota?.MaxSendRate,
      });
    } catch (error) {
      said.push({ code: error.code, status: error.statusCode });
    }
  }
  console.log(JSON.stringify(said));
}

main();
