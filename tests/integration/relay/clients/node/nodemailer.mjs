import { SESClient, SendEmailCommand as V1Send, SendRawEmailCommand, SendTemplatedEmailCommand, SendBulkTemplatedEmailCommand } from "@aws-sdk/client-ses";
import { SESv2Client, SendEmailCommand, SendBulkEmailCommand, GetAccountCommand, GetEmailIdentityCommand, CreateEmailTemplateCommand } from "@aws-sdk/client-sesv2";
import nodemailer from "nodemailer";

const endpoint = process.env.AWS_ENDPOINT_URL;
const v1 = new SESClient({ endpoint, maxAttempts: 1 });
const v2 = new SESv2Client({ endpoint, maxAttempts: 1 });
const said = {};

async function note(name, promise) {
  try {
    said[name] = await promise;
  } catch (error) {
    said[name] = { error: error.name, status: error.$metadata?.httpStatusCode, known: error.constructor.name };
  }
  delete said[name]?.$metadata;
}

const body = { Subject: { Data: "Hé + & = %" }, Body: { Html: { Data: "<p>ünï</p>" } } };
await note("v1 simple", v1.send(new V1Send({ Source: "shop@example.com", Destination: { ToAddresses: ["js1@x.org", "js2@x.org"] }, Message: body })));
await note("v1 raw", v1.send(new SendRawEmailCommand({ RawMessage: { Data: Buffer.from("From: shop@example.com\r\nTo: js3@x.org, js4@x.org\r\n\r\nhi\r\n") } })));
await note("v2 simple", v2.send(new SendEmailCommand({ FromEmailAddress: "shop@example.com", Destination: { ToAddresses: ["js5@x.org"] }, Content: { Simple: body } })));
await note("v2 raw", v2.send(new SendEmailCommand({ Content: { Raw: { Data: Buffer.from("From: shop@example.com\r\nTo: js6@x.org\r\n\r\nhi\r\n") } } })));
await note("v2 template", v2.send(new CreateEmailTemplateCommand({ TemplateName: "js", TemplateContent: { Subject: "{{a}}", Text: "{{a}}" } })));
await note("v1 templated", v1.send(new SendTemplatedEmailCommand({ Source: "shop@example.com", Destination: { ToAddresses: ["js7@x.org"] }, Template: "js", TemplateData: '{"a":"1"}' })));
await note("v1 bulk", v1.send(new SendBulkTemplatedEmailCommand({ Source: "shop@example.com", Template: "js", DefaultTemplateData: '{"a":"1"}', Destinations: [{ Destination: { ToAddresses: ["js8@x.org"] } }] })));
await note("v2 bulk", v2.send(new SendBulkEmailCommand({ FromEmailAddress: "shop@example.com", DefaultContent: { Template: { TemplateName: "js", TemplateData: '{"a":"1"}' } }, BulkEmailEntries: [{ Destination: { ToAddresses: ["js9@x.org"] } }] })));
await note("v2 account", v2.send(new GetAccountCommand({})));
await note("v2 missing", v2.send(new GetEmailIdentityCommand({ EmailIdentity: "ü b+c@example.com" })));
await note("v1 refused", v1.send(new V1Send({ Source: "shop@example.com", Destination: { ToAddresses: ["refused@x.org"] }, Message: body })));
await note("v2 refused", v2.send(new SendEmailCommand({ FromEmailAddress: "shop@example.com", Destination: { ToAddresses: ["refused@x.org"] }, Content: { Simple: body } })));
const wrong = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "wrong" };
await note("v1 wrong", new SESClient({ endpoint, maxAttempts: 1, credentials: wrong }).send(new V1Send({ Source: "shop@example.com", Destination: { ToAddresses: ["a@x.org"] }, Message: body })));
await note("v2 wrong", new SESv2Client({ endpoint, maxAttempts: 1, credentials: wrong }).send(new GetAccountCommand({})));
const transport = nodemailer.createTransport({ SES: { sesClient: v2, SendEmailCommand } });
await note("nodemailer", transport.sendMail({ from: "Shop <shop@example.com>", to: ["Nö <nm1@x.org>", "nm2@x.org"], cc: "nm3@x.org", bcc: "nm4@x.org", subject: "Grüße", text: "hi", html: "<b>hi</b>", attachments: [{ filename: "a.txt", content: "file" }] }).then(({ messageId }) => ({ messageId })));
console.log(JSON.stringify(said));
