// An operator's SMS centre for the tests, by a library that knows SMPP from the other side. Nobody's phone.
//
//   node smsc.mjs <port> <user> <password>
//
// Writes « ready » once it answers, then each event as a line of JSON: what it was asked, with the text as a
// phone would read it. A line of JSON on its input, {"bind": […], "submit": […]}, says how it answers next:
// a status of SMPP, "silence", "drop", "garbage", "ask" (asks something itself first), "drip".

import { createInterface } from 'node:readline';

import smpp from 'smpp';

const [port, user, password] = process.argv.slice(2);
const script = { bind: [], submit: [] };
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

createInterface({ input: process.stdin }).on('line', (line) => {
  Object.assign(script, JSON.parse(line));
  say({ event: 'told' });
});

function answer(session, pdu, how, fields) {
  if (how === 'silence') return;
  if (how === 'drop') {
    session.destroy();
  } else if (how === 'garbage') {
    session.socket.write(Buffer.from('7fffffff8000000400000000', 'hex'));
  } else if (how === 'drip') {
    const timer = setInterval(() => session.socket.write(Buffer.alloc(1)), 50);
    session.on('close', () => clearInterval(timer));
  } else if (how === 'ask') {
    session.deliver_sm({ short_message: 'STOP' }, () => {
      session.enquire_link({}, () => answer(session, pdu, 0, fields));
    });
  } else {
    session.send(pdu.response({ command_status: how ?? 0, ...fields }));
  }
}

smpp.createServer((session) => {
  session.on('error', () => session.destroy());
  session.on('close', () => say({ event: 'close' }));
  session.on('bind_transceiver', (pdu) => {
    say({ event: 'bind' });
    const known = pdu.system_id === user && pdu.password === password;
    answer(session, pdu, script.bind.shift() ?? (known ? 0 : smpp.ESME_RINVPASWD), { system_id: 'smsc' });
  });
  session.on('submit_sm', (pdu) => {
    say({
      event: 'submit',
      to: pdu.destination_addr,
      to_kind: [pdu.dest_addr_ton, pdu.dest_addr_npi],
      from: pdu.source_addr,
      coding: pdu.data_coding,
      receipt: pdu.registered_delivery,
      text: pdu.short_message.message,
      header: pdu.short_message.udh ? [...pdu.short_message.udh[0]] : [],
    });
    answer(session, pdu, script.submit.shift(), { message_id: '1' });
  });
  session.on('unbind', (pdu) => {
    say({ event: 'unbind' });
    session.send(pdu.response());
    session.close();
  });
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
