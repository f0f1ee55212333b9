# terminal: the phone in a terminal. Every key also stands in terminal.nl.ftl, with the same arguments.
# Voice: short main clauses, no jargon. An error says what happened, whether anything was lost, and what to do now.

## Help
help-koppel =
    Koppel: the phone in a terminal. Pair it with your account once; from then on it shows a code at every login, or asks you to approve.
help-usage = Usage:
help-commands = Commands
help-options = Options
help-general-options = Options of every command
help-arguments = Arguments
help-help = Shows this help
help-version = Shows the version
help-after =
    How to begin, with a koppelcode from support or with the link below the QR code:

      koppel pair --server 2fa.example.org --user jan --code 7K2M-9QXR-4
      koppel pair 'https://2fa.example.org/p#v=1&…'

    After that, koppel without a command waits for requests and shows them.

    Your data lie encrypted in ~/.local/share/koppel. The key is in your computer's keyring; where there is none, in a file locked with your PIN. Approving always asks for your PIN.

    Never give a code or a number to somebody who calls you. Only the check number you may read out, and only if it was you who called support.

    Folder, language, certificates and PIN may also stand in the environment: KOPPEL_FOLDER, KOPPEL_LOCALE, KOPPEL_CA, KOPPEL_PIN_FILE.

    Exit codes: 0 done · 1 failed · 2 wrong usage or a typing error · 3 refused or expired · 4 server not reached · 5 folder in use or vault unreadable · 130 interrupted
help-option-folder = The folder of this phone (~/.local/share/koppel unless said otherwise)
help-option-locale = The language: nl or en (your computer's unless said otherwise)
help-option-ca = Also trusts the certificates in this PEM file, for servers with an issuer of their own
help-option-json = For programs: one JSON object a line, commands on the input
help-option-plain = Lines of text only, for screen readers: digits one by one, the time at 60, 30 and 10 seconds
help-option-pin-file = Reads the PIN from this file instead of asking for it
help-option-yes = Agrees without asking: to the server, the organisation and the account
help-option-secrets = Where a new folder keeps its secrets: auto, keyring or file (a file locked with your PIN)
help-command-pair = Pairs this phone with an account
    .after =
        What you type is checked first; a typing error in a koppelcode costs no try. Then you see with which server and organisation you pair. If you agree, this phone shows a check number of six digits: type it on the screen where you already are. If it was you who called support, read it out to them. Never give it to somebody who calls you. You may close this program meanwhile; it goes on at the next start.
help-pair-link = The link below the QR code
help-pair-server = The server: 2fa.example.org
help-pair-user = Your user name at the panel
help-pair-code = The koppelcode, nine symbols
help-pair-login = Pairs with your password of the panel instead of a code
help-pair-password-file = Reads the password from this file
help-pair-name = What your other devices call this phone (this computer's name unless said otherwise)
help-pair-codes-only = Only shows codes and never approves; then asks for a PIN only where there is no keyring
help-pair-stay = Stays open afterwards and waits for requests
help-pair-no-wait = Ends as soon as the check number is there
help-command-accounts = Shows the paired accounts
help-command-test-phone = Tries every step of a login and gives a test result for support
help-test-phone-account = The account: its name here, its server or its id (all unless said otherwise)
help-command-rename = Gives an account another name here
help-rename-account = The account: its name here, its server or its id
help-rename-label = The new name
help-command-remove = Removes an account from this phone and tells its server
help-remove-account = The account: its name here, its server or its id
help-command-codes = Shows and keeps the codes of other services: GitHub, your mail, your bank
    .after =
        Wherever a service shows a QR code for an app, you can use this phone:

          koppel codes add                  asks for the link or the secret; nobody sees what you type
          koppel codes add --qr screen.png  reads the QR code in a picture
          koppel codes                      shows the codes, and how long each is still valid
          koppel codes copy github          puts a code on the clipboard

        The secrets lie encrypted beside your accounts, go to no server and are shown nowhere. The codes follow the clock of this computer; if it is wrong, so are they.
help-command-codes-list = Shows the codes; in a terminal the list stays and counts down
help-codes-list-named = Only codes with this in their names
help-command-codes-add = Keeps a code of another service, or all codes that another app exports
    .after =
        Without arguments koppel asks for the link or the secret, and nobody sees what you type. That is the best way: a link on the command line can be seen by others on this computer, and stays in the history of your terminal. A link from another program is handed over with a hyphen:

          wl-paste | koppel codes add -

        Read are links that begin with otpauth://, and the export of another app (otpauth-migration://). Where the export has several QR codes, read them all. Codes that work with a counter do not come over; you see why, one by one. What is there already is not kept twice.
help-codes-add-link = The link; a hyphen reads links from the input, one a line
help-codes-add-qr = Reads the QR code in this picture (PNG or JPEG)
help-command-codes-copy = Puts a code on the clipboard, through ssh too, where your terminal allows it (OSC 52)
help-codes-copy-code = The code: its number in the list, its name or its id
help-command-codes-rename = Gives a code another name here
help-codes-rename-code = The code: its number in the list, its name or its id
help-codes-rename-label = The new name
help-command-codes-move = Moves a code to another place in the list
help-codes-move-code = The code: its number in the list, its name or its id
help-codes-move-place = The place, counted from 1
help-command-codes-remove = Removes a code and its secret, after a question
    .after =
        First switch off codes at the service itself, or set up another app there. Otherwise you cannot get in any more.
help-codes-remove-code = The code: its number in the list, its name or its id
help-command-start-afresh = Puts a vault aside that does not open any more, and begins anew

## Questions
ask-pin = PIN:
ask-new-pin = Choose a PIN:
ask-new-pin-again = Once more:
ask-new-pin-file = Without a keyring your secrets go into a file locked with a PIN. You type that PIN at every start and for every approval. At least 6 characters; longer is better.
ask-new-pin-keyring = Approving will always ask for your PIN. At least 6 characters; longer is better.
ask-password = Your password of the panel:
ask-user = Your user name:
ask-koppelcode = The koppelcode:
ask-otp = Paste the link or the secret (you do not see what you type):
ask-otp-issuer = Which service is the code of?
ask-otp-name = Your name there (may stay empty):
ask-link-or-server = Paste the link, or type the name of the server:
ask-yes-no = (y/n)
ask-yes = y yes j ja
ask-no = n no nee
agree-host = You pair this phone at { $host }. Did somebody call you about this? Then do not go on. Do you want to go on?
agree-remove = { $who } ({ $user }) leaves this phone. After that you can only log in some other way. Go on?
agree-remove-code = The code of { $who } goes, and its secret too. Did you switch off this code at the service itself? Without it you cannot get in there any more. Go on?
agree-afresh = The vault is put aside and not deleted. You then pair all your accounts again. Go on?
started-afresh = Begun anew. The old vault lies in { $file }.

## Pairing
offer-title = Is this right?
offer-taken = This phone is being paired.
offer-host = Server
offer-organisation = Organisation
offer-account = Account
offer-warning = Did somebody call you about this? Then do not pair. Never give a code or a number to somebody who calls you.
offer-agree = Do you pair this phone with this account?
check-number = Check number: { $number }
check-number-for = Check number for { $who }
check-number-where = Type this check number on the screen where you already are. Was it you who called support? Then read it out to them. Never give it to somebody who calls you. You may close this program meanwhile.
check-number-wrong =
    { $count ->
        [0] A wrong check number was typed three times. The pairing stops.
        [one] A wrong check number was typed. You have 1 try left. Was that not you? Then stop pairing.
       *[other] A wrong check number was typed. You have { $count } tries left. Was that not you? Then stop pairing.
    }
paired = Done! Congratulations! This phone is paired with { $user } at { $who }.
paired-next = Start koppel to wait for requests.
not-paired = Nothing was paired.
removed = The account was removed from this phone.
welcome =
    There is no account on this phone yet. Pair one: koppel pair --server SERVER --user NAME --code KOPPELCODE, or koppel pair 'LINK'. More: koppel pair --help

## A request
title-login = Login request at { $who }
title-enrol = Setting up at { $who }
title-settings = Changing settings at { $who }
title-test = Test request from { $who }
title-confirm = Pairing a new phone at { $who }
title-unlock = Unlocking the account at { $who }
fact-account = Account
fact-origin = Website
fact-browser = Browser
fact-place = Place
fact-address = Address
fact-began = Begun
fact-phone = Phone
place-roughly = { $place } (roughly)
warning-page-ip = Careful: the page was opened from another address ({ $ip }). Is that not you? Then deny it.
several-wait = { $count } login requests wait. At most one is yours; answer only that one.
do-code = Type this code on your screen. Pass it on to nobody.
do-test = This is a test. You need not type this code anywhere.
do-number = Type the number that stands on your screen. Only do this if you are logging in right now.
do-confirm = Type the check number that stands on the new phone. Only do this if you hold that phone yourself.
do-unlock = You reported: “This was not me”. That is why your account is locked. Approve to unlock it.
do-codes-only = This phone only shows codes and cannot approve. It can deny.
do-update = This version does not know this kind of request. Update Koppel. You can deny it.
number-incomplete = Type all digits of the number on your screen first; there are at least six.
seconds-left =
    { $count ->
        [one] 1 second left.
       *[other] { $count } seconds left.
    }
seconds-short = { $count } s left
pin-for = Your PIN, for { $who }:
signing = Signing …
answer-on-its-way = Your answer is on its way.
deny-why = Why do you deny it?
deny-mistake = 1   I made a mistake
deny-not-me = 2   This was not me
not-me-sure = You report that somebody else tries to log in with your password. Your account is locked until you unlock it or support helps. Report it?
not-me-sure-typed = You report that somebody else tries to log in with your password. Your account is then locked. Are you sure? Type report once more.

## What came of it
outcome-approved = Approved. Go back to your browser.
outcome-unlocked = Your account is unlocked. You can log in again.
outcome-confirmed = Approved. The new phone is paired.
outcome-denied = Denied. Nobody was logged in.
outcome-fraud = Reported. Your account is locked; nobody can log in. Change your password. You can unlock it here, or through support.
outcome-queued = There is no connection. Your answer is kept and is sent as soon as possible.
outcome-wrong-number =
    { $count ->
        [one] That number is not right. You have 1 try left. Look at your screen and type it again.
       *[other] That number is not right. You have { $count } tries left. Look at your screen and type it again.
    }
outcome-wrong-number-last = That number is not right. This request was stopped. Log in again.
outcome-expired = Too late: this request has expired. Ask for a new one on your screen.
outcome-superseded = There is a newer request. Answer that one; this one does not count.
outcome-elsewhere = This request was already answered on another device.
outcome-locked = Your account is locked. Unlock it here, or call support.
ended-approved = Approved.
ended-denied = This request was denied.
ended-fraud = Reported as abuse. The account is locked.
ended-failed = This request was stopped after too many wrong tries.
ended-superseded = This request was replaced by a newer one.
ended-cancelled = This request was withdrawn.
ended-expired = This request has expired. Ask for a new one on your screen.

## Notices
notice-device-added = { $time }  { $who }: a phone was paired: { $detail }. Was that not you? Call support.
notice-device-removed = { $time }  { $who }: a phone was removed: { $detail }.
notice-factor-changed = { $time }  { $who }: the way you log in was changed: { $detail }.
notice-locked = { $time }  { $who }: your account was locked. { $detail }
notice-unlocked = { $time }  { $who }: your account is no longer locked.
notice-reset-asked = { $time }  { $who }: support was asked to reset how you log in. Was that not you? Log in, or call support.
notice-unlinked = { $time }  { $who }: this phone was unlinked. { $detail }
notice-other = { $time }  { $who }: { $detail }

## Accounts
status-active = paired
status-codes-only = paired, codes only
status-key-lost = set up approving again
status-pairing = pairing
status-awaiting = waits for its check number
status-locked = locked after your report
status-server-changed = stopped: the server is another one
status-revoked = removed by the server
status-removing = being removed
connection-live = connected
connection-poll = connected, keeps asking
connection-offline = no connection
nothing-waits = No request waits. Leave this window open; a request appears by itself.

## Codes of other services
codes-title = Codes
codes-none = There are no codes here. Keep one: koppel codes add
codes-none-named = No code has this in its name. koppel codes shows them all.
codes-wait = One moment …
codes-keys = { $arrows } Scroll   q Quit
code-kept = Kept: { $who }. The code is { $code } now.
code-known = That one was here already: { $who }. The code is { $code } now.
code-refused = Not kept: { $who }. { $why }
code-nameless = a code without a name
code-part = This was part { $number } of { $count } of the export. Read the other parts too.
code-unread =
    { $count ->
        [one] One QR code in the picture could not be read. If it holds a code too, make a sharper picture.
       *[other] { $count } QR codes in the picture could not be read. If they hold codes too, make a sharper picture.
    }
code-copied =
    { $count ->
        [one] The code of { $who } is on the clipboard, if your terminal allows it. It is valid for 1 more second.
       *[other] The code of { $who } is on the clipboard, if your terminal allows it. It is valid for { $count } more seconds.
    }

## Test my phone
testing = Testing the phone …
step-server = The server
step-proof = This phone at the server
step-clock = The clock
step-live = The connection
step-roundtrip = A test request
finding-well = all right ({ $ms } ms)
finding-clock-off = this clock is { $count } seconds off; that does no harm
finding-only-polling = no open connection; it keeps asking instead, which is a little slower
finding-skipped = left out
tested-well = Everything works.
tested-badly = Logging in with this phone does not work now.
support-code = Test result for support: { $code }

## Keys
key-approve = Enter Approve
key-deny = d Deny
key-next = Tab Next
key-unlock = u Unlock
key-dismiss = x Read
key-test = t Test
key-help = ? Help
key-quit = q Quit
keys-denying = 1 I made a mistake   2 This was not me   Esc Back
keys-doubting = y Report   Esc Back
keys-pin = Enter Approve   Esc Back
keys-offer = y Pair   n Do not pair
keys-help = Press any key to go back
help-screen-title = How this screen works
help-screen =
    A code you type on your screen. A number you type here, with Enter and your PIN.
    d denies. If you report that it was not you, your account is locked.
    Tab shows the next request, where several wait.
    t tests this phone, r asks now, u unlocks after a report, x puts a notice away.
    Never give a code or a number to somebody who calls you. Only the check number you may read out, and only if it was you who called support.

## Words on a line
word-approve = approve a
word-deny = deny d
word-not-me = report r
word-choose = choose c
word-test = test t
word-refresh = refresh f
word-unlock = unlock u
word-quit = stop quit q
lines-code = Your code: { $code }
lines-may-deny = To deny: type deny. Was this not you? Type report.
lines-may-answer = To approve: type the number, or approve where there is none. To deny: type deny. Was this not you? Type report.
lines-help = You can type: a number, approve, deny, report, choose 2, test, refresh, unlock, stop.

## Errors
error-koppelcode-mistyped =
    { $word ->
        [length] A koppelcode has nine symbols; these are { $count }.
        [symbol] Symbol number { $count } does not occur in a koppelcode.
       *[check] There is a typing error in this koppelcode.
    }
    .next = Check it and type it again; this cost no try.
error-link-invalid =
    { $word ->
        [too-long] This is too long for a pairing link.
        [host] The server name in this pairing link is not valid.
        [version] This pairing link is of a newer version.
        [damaged] This pairing link is not complete or damaged.
       *[form] This is not a pairing link.
    }
    .next =
        { $word ->
            [version] Update Koppel.
           *[form] Copy the whole link, also what stands behind the hash sign, and put it between single quotes.
        }
error-host-invalid = { $word } is not a valid server name.
    .next = Type it as support gave it, for instance 2fa.example.org.
error-name-invalid = This name is empty, too long, or holds characters that are not allowed.
    .next = Use 1 to 64 ordinary characters.
error-ca-invalid = This file of certificates cannot be used ({ $word }).
    .next = Give a PEM file with the issuer's certificate by --ca.
error-file-unreadable = This file cannot be read ({ $word }).
    .next = Check its name, and whether you may read it.
error-invitation-refused = The server does not take this code, link or password: it is wrong, already used or expired. Nothing was paired.
    .next = Check what you typed, or ask for a new code.
error-code-used = Another phone was already paired with this code or link, and not this one.
    .next = Was that not you? Tell support at once. Otherwise ask for a new code.
error-expired = Too late: this has expired. Nothing was paired or approved.
    .next = Ask for a new one.
error-refused = The pairing was refused, or a wrong check number was typed too often. Nothing was paired.
    .next = Begin again with a new code, and type the check number that stands on this phone.
error-too-many-tries =
    { $count ->
        [0] There were too many tries.
       *[other] There were too many tries. Wait { $count } seconds.
    }
    .next =
        { $word ->
            [retries] This phone then tries again by itself.
           *[other] Try again later, or ask for a new code.
        }
error-no-connection = The server cannot be reached. Nothing is lost.
    .next =
        { $word ->
            [again] Nothing was approved. Check your internet connection, then approve again.
            [pairing] Check your internet connection and the name of the server, then begin again.
            [retries] Check your internet connection and the name of the server. This phone tries again by itself.
           *[other] Check your internet connection and the name of the server, then try again.
        }
error-tls = The server's certificate cannot be trusted; nothing was sent.
    .next = Is the name of the server right? If the server has an issuer of its own, give its certificate by --ca.
error-timeout = The server does not answer in time. Nothing is lost.
    .next =
        { $word ->
            [again] Nothing was approved. Approve again in a moment.
            [pairing] Begin again in a moment.
            [retries] This phone tries again by itself.
           *[other] Try again in a moment.
        }
error-unavailable = The server cannot help right now. Nothing is lost.
    .next =
        { $word ->
            [again] Nothing was approved. Approve again in a moment.
            [pairing] Begin again in a moment.
            [retries] This phone tries again by itself.
           *[other] Try again in a moment.
        }
error-response-too-large = The server sent an answer that cannot be Koppel's; it was thrown away.
    .next = Check the name of the server.
error-response-invalid = The server sent an answer that is not Koppel's; it was thrown away.
    .next = Check the name of the server.
error-server-changed = This server shows another identity than when you paired. The account is stopped; nothing was sent.
    .next = Ask support whether this is right. If so: remove the account and pair again.
error-server-mismatch = The server at this address is not the one of the link. Nothing was paired.
    .next = Do not use this link. Ask support for a new one.
error-host-mismatch = The server answers for another address. Nothing was paired.
    .next = Use the address that support gave.
error-wrong-pin =
    { $count ->
        [one] That PIN is not right. After 1 more wrong try you have to wait.
       *[other] That PIN is not right. After { $count } more wrong tries you have to wait.
    }
    .next = Type it again. Nothing was approved.
error-pin-too-many-tries = The PIN was wrong too often. Wait { $count } seconds.
    .next = Have you forgotten it? Then koppel start-afresh puts the vault aside and you pair again.
error-pin-too-short = A PIN has at least 6 characters.
    .next = Choose a longer one.
error-pin-too-long = A PIN has at most 64 characters.
    .next = Choose a shorter one.
error-pin-unreadable = This PIN holds characters that cannot be read.
    .next = Choose another.
error-pin-needed-to-open = A PIN is needed to open the folder of this phone: without a keyring your secrets lie under that PIN.
    .next = Start koppel in a terminal, or give a file by --pin-file.
error-pin-needed-to-approve = A PIN is needed to approve.
    .next =
        { $word ->
            [pairing] Start koppel in a terminal, or give a file by --pin-file. If you only want to see codes, pair with --codes-only.
           *[other] Start koppel in a terminal, or give a file by --pin-file.
        }
error-pins-differ = The two PINs differ.
    .next = Type the same one twice.
error-pin-damaged = The PIN's file is damaged or of a newer version.
    .next = Update Koppel, or begin anew with koppel start-afresh.
error-password-needed = A password is needed.
    .next = Start koppel in a terminal, or give a file by --password-file.
error-codes-only = This phone only shows codes and cannot approve.
    .next = Pair again without --codes-only to be able to approve.
error-no-such-challenge = This request does not exist, or it is over.
    .next = Ask for a new one on your screen.
error-no-such-account = There is no such account on this phone.
    .next = koppel accounts shows which there are.
error-no-such-code = There is no such code, or several have that name.
    .next = koppel codes shows them; give the number in that list.
error-too-many-codes = There are as many codes as there can be. Nothing was kept.
    .next = First remove one that you do not use any more.
error-codes-not-kept = This could not be kept: the folder cannot be written, or the disk is full.
    .next = Make room or make the folder writable, then do it again.
error-no-clipboard = There is no terminal with a clipboard here. Nothing was copied.
    .next = Show the code with koppel codes.
error-in-line = Line { $line }: { $what }
error-otp-none-kept = Nothing was kept.
    .next = Go on using the other app for these codes, or ask the service for an ordinary code for an app.
error-otp-link-needed = A link is needed, and there is nobody here whom koppel can ask for it.
    .next = Give it on the input: koppel codes add - . Or give a picture with --qr.
error-otp-link-invalid = This is no link for a code. Nothing was kept.
    .next = Take the link that begins with otpauth://, or give the picture of the QR code with --qr.
error-otp-link-too-long =
    { $word ->
        [input] The input is too long. Nothing was kept.
       *[other] This link is longer than any QR code holds. Nothing was kept.
    }
    .next =
        { $word ->
            [input] Give fewer links at a time.
           *[other] Copy it again.
        }
error-otp-counter-based = This code works with a counter instead of the time, and that cannot be done here.
    .next = Ask the service for a code that works with the time, or go on using the other app for it.
error-otp-kind-unknown = Only the service's own app makes such codes.
    .next = Go on using that app for it.
error-otp-secret-missing = The secret is missing. Nothing was kept.
    .next = Read the whole QR code, or copy the whole secret.
error-otp-secret-mistyped = Symbol { $count } of the secret is not possible. Nothing was kept.
    .next = Type it again. It has only letters and the digits 2 to 7: an O and no 0, an I or L and no 1, a B and no 8.
error-otp-secret-too-long = The secret is too long. Nothing was kept.
    .next = Copy the secret alone.
error-otp-hash-unknown = This code is made in a way that cannot be done here.
    .next = Set up an ordinary code for an app at the service, or go on using the other app for it.
error-otp-digits-unknown = This code does not have 6, 7 or 8 digits, and that cannot be done here.
    .next = Set up an ordinary code for an app at the service, or go on using the other app for it.
error-otp-period-unknown = This code is not valid for 1 to 300 seconds, and that cannot be done here.
    .next = Set up an ordinary code for an app at the service, or go on using the other app for it.
error-otp-name-missing = Without a name this code cannot be told from others. Nothing was kept.
    .next = Do it again and name the service, or your name there.
error-otp-export-damaged = This export is not complete or damaged. Nothing was kept.
    .next = Let the other app show the QR code again, and read it again.
error-otp-export-empty = There is no code at all in this export.
    .next = Choose again in the other app what is to come over.
error-picture-unreadable = This file is no picture that can be read here. Nothing was kept.
    .next = Make a screenshot as PNG or JPEG.
error-qr-not-found = No QR code can be read in this picture. Nothing was kept.
    .next = Make a sharper picture that shows the whole QR code.
error-number-needed = This request asks for the number that stands on your screen.
    .next = Type that number.
error-number-invalid = That is not a number of six digits.
    .next = Type the number that stands on your screen.
error-nothing-to-approve = There is nothing to approve in this request: you type the code on your screen.
    .next = Type the code on your screen.
error-already-answered = You have answered this request; the answer is on its way.
    .next = Wait a moment.
error-not-active = This account is not active yet, or not any more.
    .next = Finish pairing, or pair again.
error-not-locked = This account is not locked by a report of this phone.
    .next = Ask support for help.
error-locked = The account is locked.
    .next = Unlock it on the phone with which you reported the abuse, or call support.
error-vault-damaged = The vault of this phone is damaged. The file was not deleted.
    .next = Put a copy back, or put it aside with koppel start-afresh and pair again.
error-vault-newer = The vault is of a newer version of Koppel. Nothing was changed.
    .next = Update Koppel.
error-vault-locked = This computer's keyring is locked or does not answer. Nothing is lost.
    .next = Unlock the keyring and try again.
error-key-lost = The key of this phone is gone; without it the phone does not open. The file was not deleted.
    .next = Put the keyring back, or put the vault aside with koppel start-afresh and pair again.
error-keyring-missing = This computer has no keyring that works ({ $word }).
    .next = Use --secrets file: then your secrets go into a file locked with your PIN.
error-folder-in-use = This folder is already open in another koppel.
    .next = Use that one, or close it first.
error-folder-unwritable = The folder of this phone cannot be read or written ({ $word }). Nothing was sent.
    .next = Make the folder writable, or choose another by --folder.
error-disk-full = The disk is full. Nothing was sent or lost.
    .next = Make room; this phone then goes on by itself.
error-command-invalid = This command makes no sense ({ $word }).
    .next = koppel --help says how it goes.
error-command-with-link = This command makes no sense. What you gave is not repeated here: there may be a secret in it.
    .next = Usage: koppel codes add, or koppel codes add - with one link a line on the input.
error-cancelled =
    { $word ->
        [codes] Stopped. Nothing was changed.
       *[other] Stopped. Nothing was paired or approved.
    }
    .next = You can try again.
error-interrupted = Interrupted. What had begun goes on at the next start.
    .next = Start koppel again.
error-device-revoked = The server removed this phone.
    .next = Was that not you? Call support. Otherwise pair again.
error-device-suspended = The server suspended this phone.
    .next = Ask support for help.
error-update-required = This version of Koppel does not know this request.
    .next = Update Koppel.
error-test-failed = Logging in with this phone does not work now.
    .next = Call support and read the test result out to them.
error-internal = Something went wrong that should not happen ({ $code }). Nothing was approved.
    .next = Try again; if it stays, tell support.
