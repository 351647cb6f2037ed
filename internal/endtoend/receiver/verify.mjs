// Verifies webhook messages as their receiver does: each line of the file that
// is the argument is JSON of a secret, a body and headers. It writes a line
// for each: the type of the message, or why it is not to be trusted.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  const { secret, body, headers } = JSON.parse(line);
  try {
    console.log(new Webhook(secret).verify(body, headers).type);
  } catch (error) {
    console.log(error.message);
  }
}
