# All texts of the hosted pages. Every key also stands in nl.ftl, with the same arguments.
# Voice: short main clauses, no jargon. An error says what happened, whether anything was lost, and what to do now.

## On every page
page-secured-by = Secured by Koppel
page-continue = Continue
page-refresh = Refresh
page-back-to = Back to { $party }
support-ring = Call { $number }
page-retry = Try again
page-copy = Copy
page-copied = Copied
page-offline = No connection to the server. We keep trying.
page-account = Account { $account }
page-seconds-left = { $seconds ->
    [one] 1 second left
   *[other] { $seconds } seconds left
}

## Verifying
verify-tab = Verify your identity
verify-wait = One moment …
verify-title = we need to verify your identity
verify-code-intro = Enter the verification code that you received in your app.
verify-code-label = Verification code, { $digits } digits
verify-code-resend = Send the code again
verify-code-again = Send a new code
verify-number-intro = Type this number in the app on your phone.
verify-number-label = Number for the app
verify-number-care = Only do this if you are logging in right now. This page then goes on by itself.
verify-number-resend = Send the request again
verify-number-again = Send a new request
verify-resend-wait = in { $seconds } s
verify-others = { $count ->
    [one] Another login request is waiting for this account. Only the request of this page is yours. Is the other one strange to you? Choose “This was not me” in the app.
   *[other] { $count } other login requests are waiting for this account. Only the request of this page is yours. Are the others strange to you? Choose “This was not me” in the app.
}
verify-totp-intro = Type the code that your authenticator shows now.
verify-recovery-intro = Type one of your recovery codes, including the number at the front. Then you set up again how you log in.
verify-recovery-example = For example 3-7KQM-X2PD-9RTV-H4CW
verify-recovery-label = Recovery code
verify-remember = { $days ->
    [one] Do not ask for a code here for a day
   *[other] Do not ask for a code here for { $days } days
}
verify-remember-care = Only on your own computer or phone.
verify-other = Use another method
verify-other-app = Code in the app
verify-other-totp = Code from the authenticator
verify-other-recovery = Recovery code
verify-nothing-works = Does nothing work? Call the support of { $party }.
verify-approved-title = You are verified
verify-approved-text = You are going on to { $party }.

## How a delivery stands
line-queued = Being sent
line-sent = Sent
line-arrived = Arrived on your phone
line-shown = Shown on your phone
line-approved = Approved
line-unreached = Not arrived yet
line-ended = Ended
hint-sent = No notification? Open the app on your phone.
hint-arrived = Open the notification on your phone.
hint-shown-code = Copy the code from your phone.
hint-shown-number = Type the number on your phone and approve.
hint-approved = One moment, this page goes on by itself.
hint-unreached = Is your phone online? Then open the app.
hint-quiet = Your phone gives no notification right now. Open the app yourself.

## What can go wrong while typing
problem-wrong-code = { $tries ->
    [one] That code is not right. You can try one more time.
   *[other] That code is not right. You can try { $tries } more times.
}
problem-not-now = We cannot check an authenticator's codes now. Nothing was lost. Choose another method, or try again later.
problem-incomplete = Fill in all { $digits } digits. This does not count as a try.
problem-recovery-form = A recovery code is a number with sixteen letters and digits, such as 3-7KQM-X2PD-9RTV-H4CW. This does not count as a try.
problem-wait = { $seconds ->
    [one] A wrong code was entered too often. Wait 1 second, then try again.
   *[other] A wrong code was entered too often. Wait { $seconds } seconds, then try again.
}
problem-too-soon = { $seconds ->
    [one] You can send again in 1 second.
   *[other] You can send again in { $seconds } seconds.
}
problem-superseded = A newer code has been sent. The one before no longer works; enter the latest.
problem-no-more-sends = No new code can be sent any more. Use the last code or another method.

## How a verification ends
ended-delivery-title = The time is up
ended-delivery-code = This code has expired. Send a new one; your login is still open.
ended-delivery-number = This number has expired. Send a new request; your login is still open.
ended-expired-title = The time is up
ended-expired-text = Nobody confirmed in time and nobody was logged in. Go back and log in again.
ended-denied-title = Denied on your phone
ended-denied-text = The request was denied in the app and nobody was logged in. Not what you meant? Go back and log in again.
ended-fraud-title = Reported as abuse
ended-fraud-text = Somebody reported in the app that this request was not yours. Nobody was logged in and the account is locked. Unlock it in the app that reported it, or call the support of { $party }.
ended-locked-title = Your account is locked
ended-locked-text = Logging in is not possible now. Nothing was lost. Did you report abuse yourself? Then unlock your account in the app. Otherwise call the support of { $party }.
ended-tries-title = Too many tries
ended-tries-text = A wrong code was entered too often and nobody was logged in. Go back and log in again; you will get a new code.
ended-superseded-title = There is a newer login
ended-superseded-text = You started to log in again in this browser. Go on in the other window; you can close this page.
ended-cancelled-title = The login was stopped
ended-cancelled-text = Nobody was logged in. Go back and log in again if you want to.
ended-unavailable-title = Not possible right now
ended-unavailable-text = We cannot reach your phone now, so we let nobody in. Nothing was lost. Try again in a minute.

## Adding a phone
enrol-tab = Secure your account
enrol-title = we need to secure your account first
enrol-another-title = Add a phone
enrol-why = From now on you confirm each login with your phone. With your password alone nobody gets in any more.
enrol-another-why = Pair a phone with the Koppel app. Phones that are there already keep working.
enrol-install = First install the Koppel app from the App Store or Google Play.
enrol-elsewhere = Is the app on another phone than this one? Then follow these steps:
enrol-step-open = Open the app on your phone and choose “Scan the QR code”.
enrol-step-scan = Point the camera at this code.
enrol-step-type = Then type here the check number that your phone shows.
enrol-qr-label = QR code to pair your phone
enrol-this-phone = Open in the Koppel app
enrol-with-code = Rather type? Use the koppelcode
enrol-code-intro = Choose “I have a koppelcode” in the app and fill in:
enrol-code-server = Server
enrol-code-user = User name
enrol-code-code = Koppelcode
enrol-with-link = Or open a link
enrol-link-intro = Open this link on your phone or paste it into the app. Give it to nobody else.
enrol-link-label = Pairing link
enrol-waiting = Waiting for your phone
enrol-waiting-hint = This page goes on by itself.
enrol-go-on = I have scanned, go on
enrol-new-invitation = Make a new koppelcode
enrol-start-again = Start again
enrol-pending-title = Is this your phone?
enrol-pending-many = Which phone is yours?
enrol-pending-intro = Type the check number of six digits that this phone shows now.
enrol-pending-label = Check number on your phone, { $digits } digits
enrol-pending-care = Only type the check number of a phone that you hold yourself.
enrol-pending-line = Phone found
enrol-pending-hint = It waits for you to type the check number here.
enrol-confirm = Pair this phone
enrol-not-mine = This is not my phone
enrol-wrong-number = { $tries ->
    [one] That check number is not right. You can try one more time.
   *[other] That check number is not right. You can try { $tries } more times.
}
enrol-choose-one = First choose which phone is yours. This does not count as a try.
enrol-refused-title = This phone is not paired
enrol-refused-text = The check number was wrong too often. Nothing is paired. Start again with the phone in your hand.
enrol-expired-title = This koppelcode has expired
enrol-expired-text = Nothing is paired. Make a new koppelcode and try again.
enrol-test-title = Nearly done: a test
enrol-test-intro = Your phone is paired. We now send a test code; enter it here.
enrol-test-number-intro = Your phone is paired. As a test, type this number in the app.
enrol-test-again = Nothing was lost: your phone is already paired. Send a new test code.
enrol-done-title = Done! Congratulations!
enrol-done-text = Your account is secured with { $device }.
enrol-done-next = From now on you confirm each login with this phone.
enrol-continue-to = Continue to { $party }

## Setting up methods
wizard-why = From now on you confirm each login with something you have, beside your password. This is called two-step verification. Whoever only knows your password does not get in.
wizard-advice = Our advice: begin with the app. Then add a backup, for when you lose your phone.
wizard-optional-title = Make your account safer
wizard-later = Later
wizard-later-any = Not a good moment? You can also do this the next time you sign in.
wizard-later-until = This can wait until { $day }. From that day on you must set it up to log in.
wizard-backup-title = Add a backup too
wizard-backup-text = What you set up just now works. Add one more thing that lets you in when you lose your phone.
wizard-recovered-title = Set something up again
wizard-recovered-text = Your recovery code is right. Choose how you log in from now on; then you go on here.
wizard-more-title = Your account is secured
wizard-more-text = You may add something more, or continue.
wizard-app = Koppel app
wizard-app-text = You receive a code in the app on your phone.
wizard-call = Call to your mobile number
wizard-call-text = You are called and hear a code.
wizard-totp = Authenticator
wizard-totp-text = Google Authenticator, Microsoft Authenticator, Cisco Duo Mobile or another app shows a code, also without a connection.
wizard-totp-backup-text = Only a backup if it is on another device than the app.
wizard-advised = our advice
wizard-codes = Recovery codes
wizard-codes-text = Ten codes on paper, for when you have nothing else left.
wizard-add = Add
wizard-add-label = Add { $method }
wizard-added = Added
wizard-unavailable = Not available at { $party } yet.
wizard-call-number = Your number at { $party }: { $number }.
wizard-other = Choose another method
wizard-totp-title = Add an authenticator
wizard-totp-this-phone = Open in the authenticator on this phone
wizard-totp-install = No authenticator yet? Install Google Authenticator, for example.
wizard-totp-elsewhere = Is your authenticator on another device? Then follow these steps:
wizard-totp-open = Open your authenticator and choose to add an account.
wizard-totp-scan = Scan this QR code.
wizard-totp-qr-label = QR code for your authenticator
wizard-totp-type = Type the six-digit code that your authenticator shows now.
wizard-totp-label = Code from your authenticator, { $digits } digits
wizard-totp-add = Add authenticator
wizard-totp-wrong = This code is not right. Nothing is lost. Wait for the next code and type that one; is the clock of your phone right?
wizard-totp-manual = Cannot scan? Type the key
wizard-totp-key-intro = In your authenticator, choose to type a key that is based on time. Give this key to nobody else.
wizard-totp-key-label = Key
wizard-codes-intro = You get ten codes. Each works once. Keep them on paper or in another safe place, not on your phone.
wizard-codes-again = Your codes were shown already, and that happens only once. You did not keep them? Then make new ones; the former do not work.
wizard-codes-show = Show the codes
wizard-codes-make-new = Make new codes
wizard-codes-title = Your recovery codes
wizard-codes-once = You see these codes only now. Print them, or copy each code in full, including the number at the front.
wizard-codes-save = Save as a file
wizard-codes-file = recovery-codes
wizard-codes-print = Print
wizard-codes-tick = I have kept these codes
wizard-codes-kept-title = Did you keep the codes?
wizard-codes-kept-text = Tick the box if you kept them. If not, make new codes; the former do not work then.
wizard-done-text = Your account is secured. At each next login you confirm with what you have set up just now.

## Settings
settings-title = 2FA settings
settings-methods = How you confirm a login
settings-phones = Phones with the app
settings-add = Add
settings-primary = first choice
settings-make-primary = Ask for this first
settings-used = Last used on { $date }
settings-never-used = Not used yet
settings-codes-left = { $count ->
    [0] All codes are used. Make new ones.
    [one] 1 code left. Make new ones.
   *[other] { $count } codes left
}
settings-seen = last seen on { $date }
settings-approves = can approve
settings-codes-only = shows codes only
settings-remove = Remove
settings-remove-yes = Yes, remove
settings-remove-method = { $method } leaves your account and works no more. All your phones are told.
settings-remove-phone = { $phone } is unlinked and receives no more codes. Your other phones are told.
settings-browsers = Known browsers
settings-browsers-intro = For now you sign in here without the second step. When you change a method or your password, we forget them all.
settings-browser = Unknown browser
settings-browser-until = Last used { $used } · remembered until { $until }
settings-browser-forget = Forget
settings-reached = Where you can be reached
settings-reached-change = Is this wrong, or out of date? Have it changed at { $party }. It cannot be changed here.
reached-mobile = Mobile number
reached-mail = E-mail address
settings-needed = You need this to log in. Add something else first.
settings-no-name = Give your phone a name. Nothing was changed.
settings-rename = Change the name
settings-rename-yes = Save the name
settings-name-label = Name of this phone

## What happened, in one's own history and at the desk
history-title = What happened
history-intro = Is there something here you do not recognise? Change your password and call support.
history-open = See what happened
history-none = There is nothing to report here.
history-older = Older
history-newest = Newest
history-back = Back to the settings
event-some-method = A method
event-by-support = by support
event-elsewhere = at another service
event-logged-in = Logged in
event-settings-opened = Settings opened
event-asked = Asked to confirm
event-asked-again = Asked to confirm again
event-approved = Confirmed
event-consumed = Confirmed and completed
event-lapsed = Confirmed, but not completed
event-denied = Login refused
event-fraud = Reported: this was not me
event-failed = Too many wrong codes: not logged in
event-expired = Not confirmed in time: not logged in
event-superseded = Question replaced by a newer one
event-cancelled = Login broken off
event-wrong-code = Wrong code typed
event-wrong-number = Wrong number typed
event-device-pending = New phone announced
event-device-proven = New phone recognised
event-device-active = Phone paired
event-device-suspended = Phone not seen for long, off for now
event-device-revoked = Phone unpaired
event-device-renamed = Phone given another name
event-invited = Koppelcode handed out
event-invitation-wrong = Wrong koppelcode or pairing link used
event-invitation-twice = Koppelcode used a second time
event-pairing-committed = Pairing begun
event-pairing-proven = Phone waits for the check number
event-pairing-confirmed = Pairing confirmed
event-pairing-refused = New phone refused
event-pairing-expired = Pairing expired
event-pairing-wrong = Wrong check number typed
event-method-offered = { $method }: adding begun
event-method-wrong = { $method }: wrong code while adding
event-codes-made = New recovery codes made
event-method-added = { $method } added
event-method-imported = { $method } taken over
event-method-primary = { $method } chosen to come first
event-method-removed = { $method } removed
event-typing-disabled = Typing codes switched off after too many wrong ones
event-typing-enabled = Typing codes switched on again
event-browser-remembered = Browser remembered
event-browser-forgotten = Browser forgotten
event-browsers-forgotten = All browsers forgotten
event-page-opened = Login page opened
event-page-done = Login page completed
event-page-done-again = Login page completed again
event-page-exchanged = Outcome collected
event-page-left = Login page left
event-page-expired = Login page expired
event-foreign-browser = Login page opened in another browser, and refused
event-recovered = Recovery code used
event-result-wrong = Outcome asked for with a wrong key
event-postponed = Securing put off
event-user-created = Account made
event-user-changed = Details of the account changed
event-user-contacts = Mobile number or mail addresses changed
event-user-enabled = Account switched on
event-user-disabled = Account switched off
event-user-deleted = Account deleted
event-user-locked = Account locked
event-user-unlocked = Lock lifted
event-reset-asked = Asked to take everything away
event-reset-withdrawn = Request to take everything away withdrawn
event-reset = All phones and methods taken away
event-looked = Account looked at
event-password-right = Password right
event-password-wrong = Password wrong
event-password-chosen = Password chosen

## The link that a phone opens
link-tab = Pair a phone
link-title = Pair this phone with { $party }
link-intro = The app first shows which account this is about. Nothing is paired before you confirm it there.
link-open = Open in the app
link-no-app = Is the app not on this phone yet?
link-stores = Install the app of { $party } from the App Store or Google Play. Then come back to this page.
link-manual = Does it not open?
link-copy-intro = Copy this link and paste it into the app at “Scan the QR code”.
link-code-intro = Or choose “I have a koppelcode” in the app and type the koppelcode from your other screen.
link-label = Pairing link
link-care = Did you get this link in a message or a call that you did not ask for? Then close this page.
link-broken-title = This link is not complete
link-broken-text = Nothing is paired. Scan the QR code again, or use the koppelcode from your other screen.
link-noscript = The button does not work in this browser. Copy the whole address of this page and paste it into the app at “Scan the QR code”, or type the koppelcode from your other screen.

## Pages that say why it goes no further
message-stolen-title = This page belongs to another browser
message-stolen-text = It was already opened in the browser where the login began. You cannot go on here, and nothing happened to your account. Is this that browser after all? Then allow cookies for this address and log in again.
message-stolen-advice = Did somebody else give you this address? Then that person may be trying to log in with your help. Close this page, approve nothing in the app and change your password.
message-other-browser-title = This page belongs to another browser
message-other-browser-text = Open the address in the same browser in which you began to log in. Nothing was lost.
message-window-title = This page only opens in a window of its own
message-window-text = It was embedded or loaded in advance, and that was refused as a precaution. Nothing was lost. Open the page yourself.
message-window-open = Open the page
message-expired-title = This page has expired
message-expired-text = Nobody was logged in. Go back to the page you came from and log in again.
message-used-title = This page has been used
message-used-text = There is nothing left to do here. Are you not logged in? Then go back to the page you came from and log in again.
message-unknown-title = This page does not exist
message-unknown-text = The address is wrong or expired long ago. Go back to the page you came from and log in again.
message-support-title = Call us to log in again
message-support-text = No phone is paired with your account any more. For your safety you cannot pair one with your password alone.
message-support-advice = Call the support of { $party }. They check who you are and give you a koppelcode.
message-stale-title = This page was out of date
message-stale-text = Your last click was not processed. Nothing was lost. Open the page again.
message-busy-title = Too busy for a moment
message-busy-text = { $seconds ->
    [one] Too many requests came at once. Nothing was lost. Wait 1 second and try again.
   *[other] Too many requests came at once. Nothing was lost. Wait { $seconds } seconds and try again.
}

## The support desk
desk-panels = Panels
desk-panels-none = Your organisations have no panel yet.
desk-panels-open = Panels: progress and rules
desk-panels-back = Back to the support desk
desk-panel-open = Look at { $name }
desk-rule = Rule
desk-rule-off = Who wants to
desk-rule-optional = May wait
desk-rule-from = Required from { $day }
desk-rule-day = Required from a day on
desk-rule-required = Required
desk-progress = How far the customers are
desk-progress-sum = { $percent }% of { $users ->
    [one] { $users } customer
   *[other] { $users } customers
} set up two-step verification.
desk-percent = Set up
desk-progress-more = The server makes a list of all customers: koppel-server relying-party progress, with the option --csv.
desk-group = Group
desk-no-group = Without a group
desk-users = Customers
desk-set-up = With backup
desk-backup-missing = No backup
desk-put-off = Put off
desk-not-yet = Nothing yet
desk-lost = Everything lost
desk-disabled = { $count ->
    [one] { $count } disabled customer is not counted.
   *[other] { $count } disabled customers are not counted.
}
desk-rules = Rules
desk-rules-methods = Which methods count
desk-rules-backups = Required backup methods
desk-rules-mode = How the app confirms
desk-rules-code = The phone shows a code
desk-rules-number = A number is typed on the phone
desk-rules-rule = Who has set up nothing yet
desk-rules-day = From which day on (yyyy-mm-dd)
desk-rules-care = The rules hold at once. Whoever has set something up is always asked for it. The day begins at 00:00 UTC.
desk-rules-save = Save the rules
desk-rules-saved = Saved. The rules hold from now on.
desk-rules-saved-nobody = Saved. Mind: no customer is in this group. Is its name right?
desk-rules-no-factor = Nothing was changed. Recovery codes alone are not enough: choose the app or the authenticator too.
desk-rules-signature = Nothing was changed. Only a phone's signature counts for this panel: the app must count.
desk-rules-too-many = Nothing was changed. More methods must count than are asked besides the first.
desk-rules-meanwhile = Nothing was changed: a colleague changed the rules meanwhile. The new ones stand below.
desk-rules-no-day = Nothing was changed. Fill in a day, like 2027-03-01.
desk-rules-no-group = Nothing was changed. Fill in the name of the group as the panel writes it.
desk-rules-remember = For how many days a browser may be remembered (0: not at all)
desk-rules-days = Nothing was changed. A browser is remembered for 0 to 30 days.
desk-shown = Shown on the customer’s phone
desk-remembered = Remembered browser
desk-groups = Groups with a rule of their own
desk-groups-intro = A group’s rule goes before the ordinary rule. Type the name exactly as the panel writes it.
desk-groups-add = Save the rule for this group
desk-groups-remove = Remove the rule of { $group }
desk-support = Support
desk-support-intro = This stands on the pages of this panel where nothing works any more. What you leave empty does not.
desk-support-telephone = Telephone number
desk-support-web = Web address, with https:// before it
desk-support-note = A few words more, such as opening hours
desk-support-save = Save support
desk-support-no-telephone = Nothing was changed. A telephone number has 3 to 15 digits, like 085 - 123 45 67.
desk-support-no-web = Nothing was changed. The web address begins with https:// and is at most 200 characters long.
desk-support-no-note = Nothing was changed. The words are too long: at most 64 characters.
desk-look = Colour
desk-look-intro = The colour of buttons and links on the pages of this panel. Your administrator sets the logo by a command on the server.
desk-look-colour = Colour, like #0B6B5D; empty is our own
desk-look-save = Save the colour
desk-look-no-colour = Nothing was changed. Write the colour like #0B6B5D.
desk-look-too-pale = Nothing was changed. White letters on this colour have a contrast of { $ratio } : 1. At least 4.5 : 1 is needed: choose a darker colour.
desk-own = Rules of the desk
desk-own-intro = These rules hold at once, for all customers of { $organisation }.
desk-own-open = Rules of the desk for { $organisation }
desk-own-koppelcodes = The desk hands out koppelcodes
desk-own-protect = Every customer has extra protection: taking everything away always waits
desk-own-second = A supervisor can end the wait
desk-own-wait = Wait in hours, 1 to 168
desk-own-hours = Nothing was changed. The wait is 1 to 168 hours.
desk-title = Support desk
desk-sign-in-intro = Sign in to help customers who cannot log in.
desk-name = Name
desk-password = Password
desk-sign-in = Sign in
desk-sign-in-care = Next we ask for a second proof, as we do with customers.
desk-sign-in-wrong = The name or the password is wrong.
desk-sign-in-wait = { $seconds ->
    [one] There were too many tries from this address. Wait 1 second.
   *[other] There were too many tries from this address. Wait { $seconds } seconds.
}
desk-sign-in-ended = This password no longer counts, because it was typed wrong too often. Ask your administrator for a new link.
desk-sign-in-again = The verification was not finished. Please sign in again.
desk-sign-in-over = You are not signed in any more. Your last click was not processed. Please sign in again.
desk-welcome-title = Choose your password
desk-welcome-intro = You get access to the support desk. After this you set up how else you prove who you are.
desk-welcome-code = Code from the link
desk-welcome-password = New password
desk-welcome-rule = At least twelve characters. A sentence is easy to remember.
desk-welcome-again = The same password once more
desk-welcome-link = This code does not count, or no longer. Ask your administrator for a new link.
desk-welcome-length = The password must have 12 to 128 characters.
desk-welcome-differs = The two passwords are not the same.
desk-signed-in = { $name } · { $role }
desk-role-support = agent
desk-role-supervisor = supervisor
desk-role-admin = administrator
desk-leave = Sign out
desk-find-title = Who is calling?
desk-find-intro = Find the customer. The reason and the ticket number are kept with everything you do in this call.
desk-organisation = Organisation
desk-find-name = User name or customer number
desk-reason = Reason
desk-ticket = Ticket number
desk-find = Open customer
desk-find-care = First check who you are speaking to, by the rules of your support desk.
desk-find-nobody = There is no customer with this name. Mind the spelling, or ask for the customer number.
desk-find-no-reason = Fill in a reason and a ticket number.
desk-protected = Extra protection
desk-reached = Reached at
desk-reached-nothing = No number or e-mail address is known.
desk-unchecked = not checked
desk-reached-change = Changes are made in the panel, never because a caller asks alone.
desk-call-for = { $ticket }: { $reason }
desk-why = What is going on
desk-why-nothing = Nothing is blocked. See ‘Latest verifications’ for what went wrong.
desk-finding-locked = Locked since { $at }: “This was not me” was chosen on a phone. Have the customer change the password first.
desk-finding-disabled = The panel has disabled this customer.
desk-finding-never = Nothing was ever set up. The customer can do that when logging in, or with a koppelcode.
desk-finding-nothing-left = Something was set up, but nothing is left. Only a koppelcode brings the customer back.
desk-finding-disabled-method = { $method }: too many wrong codes, codes are no longer accepted.
desk-finding-pause = { $seconds ->
    [one] { $method }: wait 1 more second after wrong codes.
   *[other] { $method }: wait { $seconds } more seconds after wrong codes.
}
desk-finding-suspended = { $phone } was not used for a long time and is paused. The customer must pair that phone again.
desk-finding-unreached = The last message did not reach the phone. Have the customer open the app and check the connection.
desk-finding-quiet = The phone makes no sound for a while, because many messages went unanswered. Opening the app does work.
desk-unlock = Lift the lock
desk-unlock-care = Lift the lock only when you are sure who you are speaking to and the password was changed.
desk-methods = What is set up
desk-no-methods = Nothing is set up.
desk-enable-typing = Accept codes again
desk-suspended = Paused
desk-questions = Latest verifications
desk-no-questions = Nobody logged in during the last thirty days.
desk-outcome-pending = Waiting for an answer
desk-outcome-right = Succeeded
desk-outcome-denied = Denied on the phone
desk-outcome-fraud = Reported: “This was not me”
desk-outcome-failed = Too many wrong codes
desk-outcome-superseded = Replaced by a newer one
desk-outcome-cancelled = Cancelled
desk-outcome-expired = No answer in time
desk-audit-open = Everything that happened
desk-new-phone = New phone
desk-confirm-intro = Type here the check number that the customer reads from the new phone.
desk-invite-locked = Lift the lock first. Then you can give a koppelcode.
desk-code-intro = Have the customer choose “Koppelcode” in the app and read out:
desk-spelled = The koppelcode, letter by letter
desk-code-until = Valid until { $at }, can be used once.
desk-code-give = Give a koppelcode
desk-code-again = New koppelcode
desk-code-not-yet = This customer has extra protection and still has a way to log in. First request below that everything is taken away.
desk-code-never = The desk hands out no koppelcodes here. Your administrator set it so.
desk-code-care = Koppelcode: you read, the customer types. Check number: the customer reads, you type. Never the other way round.
desk-line-waiting = No phone is waiting
desk-hint-waiting = As soon as the customer has typed the koppelcode, you see it here.
desk-line-pending = A phone is waiting for you
desk-hint-pending = Type the check number that the customer reads out.
desk-reset = Everything lost
desk-reset-nothing = There is nothing to take away. Give a koppelcode.
desk-reset-now = Has the customer no phone, authenticator or recovery code any more? Then take everything away and give a koppelcode.
desk-reset-waits = This customer has extra protection. { $second ->
    [yes] Everything can be taken away only after a wait, or earlier if a supervisor agrees.
   *[no] Everything can be taken away only after a wait.
} If the customer logs in meanwhile, the request lapses.
desk-reset-open = Take everything away
desk-reset-care = All phones, the authenticator and the recovery codes stop working. This cannot be undone.
desk-reset-do = Yes, take everything away
desk-reset-ask = Request that everything is taken away
desk-reset-asked = { $agent } asked to take everything away. { $second ->
    [yes] That is possible from { $due }, or earlier if a supervisor agrees.
   *[no] That is possible from { $due }.
}
desk-reset-carry-out = Take everything away now
desk-reset-approve = Agree, take everything away
desk-reset-withdraw = Withdraw the request
desk-said-confirmed = The phone is paired.
desk-said-over = This was done already, or it expired. See below how things stand now.
desk-said-unlocked = The lock is lifted.
desk-said-typing = Codes are accepted again.
desk-said-reset = Everything was taken away. Now give the customer a koppelcode.
desk-said-reset-asked = The request is made. The customer is told on their phones.
desk-said-reset-withdrawn = The request was withdrawn.
desk-said-second-agent = Not yet: it takes a request that everything is taken away, or a supervisor who agrees.
desk-said-too-soon = Not yet: the waiting time is not over.
desk-said-locked = The account is locked. Lift the lock first.
desk-said-not-yours = You do not have the rights for that.
desk-close = Close the call
desk-audit-title = What happened to { $name }
desk-audit-sound = { $count ->
    [one] 1 event, unchanged.
   *[other] { $count } events, all unchanged and complete.
}
desk-audit-broken = The chain does not fit from event { $n } on. Something was changed or removed; tell your administrator.
desk-audit-back = Back to the call

## Mail: something changed about how somebody logs in
mail-hello = Hello,
mail-account = Account: { $account }
mail-when = When: { $when }
mail-not-you = Was this not you? Then call customer service of { $organisation } at once.
mail-why = You receive this message because something changed about how you log in at { $organisation }.
mail-never = These messages never contain a link, and we never ask you for a code or a password.
mail-phone-added = A phone was linked at { $organisation }
mail-phone-added-text = A phone was linked to your account. From now on it can answer your login requests.
mail-phone-removed = A phone was unlinked at { $organisation }
mail-phone-removed-text = A phone that was linked to your account was unlinked. You can no longer log in with it.
mail-authenticator-added = An authenticator was added at { $organisation }
mail-authenticator-added-text = An authenticator was added to your account. From now on its codes can be used to log in.
mail-authenticator-removed = An authenticator was removed at { $organisation }
mail-authenticator-removed-text = The authenticator of your account was removed. Its codes no longer work.
mail-recovery-made = Recovery codes were made at { $organisation }
mail-recovery-made-text = New recovery codes were made for your account. Did you have recovery codes before? Those no longer work.
mail-recovery-removed = The recovery codes were removed at { $organisation }
mail-recovery-removed-text = The recovery codes of your account were removed. They no longer work.
mail-codes-disabled = Too many wrong codes were typed at { $organisation }
mail-codes-disabled-text = { $method ->
    [app] A wrong code from the app was typed many times in a row. That is why those codes cannot be used to log in now. Approving in the app still works. Customer service can turn the codes on again.
    [authenticator] A wrong code from the authenticator was typed many times in a row. That is why those codes cannot be used to log in now. Customer service can turn them on again.
   *[recovery] A wrong recovery code was typed many times in a row. That is why recovery codes cannot be used now. Customer service can turn them on again.
}
mail-addresses = The mail addresses of your account were changed at { $organisation }
mail-addresses-text = The addresses to which we send you messages about logging in were changed. For three days such messages also go to the former addresses.
mail-locked = Your account is locked at { $organisation }
mail-locked-text = “This was not me” was chosen at a login request. That is why your account is locked. Whoever made that request probably knows your password: choose a new one. You can lift the lock with the phone on which you chose this, or through customer service.
mail-unlocked = Your account is open again at { $organisation }
mail-unlocked-text = The lock on your account was lifted. You can log in again.
mail-reset-asked = Somebody asked to remove all your ways to log in at { $organisation }
mail-reset-asked-text = Customer service was asked to remove all your phones, your authenticator and your recovery codes, because you would have nothing left to log in with. { $second ->
    [yes] That is possible from { $due }, or sooner if a supervisor agrees.
   *[no] That is possible from { $due }.
} If you log in yourself in the meantime, the request ends.
mail-reset = All your ways to log in were removed at { $organisation }
mail-reset-text = Customer service removed all your phones, your authenticator and your recovery codes. With a koppelcode from customer service you set something up again.
mail-test = Test message from Koppel
mail-test-text = Mail from Koppel arrives.
