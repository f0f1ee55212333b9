# terminal: de telefoon in een terminal. Elke sleutel staat ook in terminal.en.ftl, met dezelfde argumenten.
# Toon: u-vorm, korte hoofdzinnen, geen vaktaal. Een fout zegt wat er gebeurde, of er iets verloren is, en wat u nu doet.

## Hulp
help-koppel =
    Koppel: de telefoon in een terminal. Koppel hem één keer aan uw account; daarna toont hij bij elke keer inloggen een code, of vraagt hij u om goed te keuren.
help-usage = Gebruik:
help-commands = Opdrachten
help-options = Opties
help-general-options = Algemene opties
help-arguments = Gegevens
help-help = Toont deze hulp
help-version = Toont de versie
help-after =
    Zo begint u, met een koppelcode van de klantenservice of met de link onder de QR-code:

      koppel pair --server 2fa.voorbeeld.nl --user jan --code 7K2M-9QXR-4
      koppel pair 'https://2fa.voorbeeld.nl/p#v=1&…'

    Daarna wacht koppel zonder opdracht op verzoeken en toont ze.

    Uw gegevens staan versleuteld in ~/.local/share/koppel. De sleutel ligt in de sleutelbos van uw computer; is die er niet, dan in een bestand dat met uw pincode is vergrendeld. Goedkeuren vraagt altijd uw pincode.

    Geef nooit een code of een getal aan iemand die u belt. Alleen het controlegetal mag u voorlezen, en alleen als u zelf de klantenservice heeft gebeld.

    Map, taal, certificaten en pincode mogen ook in de omgeving staan: KOPPEL_FOLDER, KOPPEL_LOCALE, KOPPEL_CA, KOPPEL_PIN_FILE.

    Afsluitcodes: 0 gelukt · 1 mislukt · 2 verkeerd gebruik of een tikfout · 3 geweigerd of verlopen · 4 server niet bereikt · 5 map in gebruik of kluis onleesbaar · 130 onderbroken
help-option-folder = De map van deze telefoon (standaard ~/.local/share/koppel)
help-option-locale = De taal: nl of en (standaard die van uw computer)
help-option-ca = Vertrouwt ook de certificaten in dit PEM-bestand, voor servers met een eigen uitgever
help-option-json = Voor programma's: één JSON-object per regel, opdrachten op de invoer
help-option-plain = Alleen regels tekst, voor schermlezers: cijfers los van elkaar, de tijd op 60, 30 en 10 seconden
help-option-pin-file = Leest de pincode uit dit bestand in plaats van erom te vragen
help-option-yes = Gaat zonder te vragen akkoord met de server, de organisatie en het account
help-option-secrets = Waar een nieuwe map zijn geheimen bewaart: auto, keyring (de sleutelbos) of file (een bestand onder uw pincode)
help-command-pair = Koppelt deze telefoon aan een account
    .after =
        Wat u typt, wordt eerst nagekeken; een tikfout in een koppelcode kost geen poging. Daarna ziet u bij welke server en organisatie u koppelt. Bent u akkoord, dan toont deze telefoon een controlegetal van zes cijfers: typ dat op het scherm waar u al bent. Heeft u zelf de klantenservice gebeld, lees het daar dan voor. Geef het nooit aan iemand die u belt. U mag dit programma intussen sluiten; bij de volgende start gaat het verder.
help-pair-link = De link onder de QR-code
help-pair-server = De server: 2fa.voorbeeld.nl
help-pair-user = Uw gebruikersnaam bij het paneel
help-pair-code = De koppelcode, negen tekens
help-pair-login = Koppelt met uw wachtwoord van het paneel in plaats van een code
help-pair-password-file = Leest het wachtwoord uit dit bestand
help-pair-name = Hoe deze telefoon heet op uw andere apparaten (standaard de naam van deze computer)
help-pair-codes-only = Toont alleen codes en keurt nooit goed; vraagt dan alleen een pincode als er geen sleutelbos is
help-pair-stay = Blijft daarna open en wacht op verzoeken
help-pair-no-wait = Stopt zodra het controlegetal er is
help-command-accounts = Toont de gekoppelde accounts
help-command-test-phone = Probeert elke stap van het inloggen en geeft een testuitslag voor de klantenservice
help-test-phone-account = Het account: zijn naam hier, de server of het kenmerk (anders alle)
help-command-rename = Geeft een account hier een andere naam
help-rename-account = Het account: zijn naam hier, de server of het kenmerk
help-rename-label = De nieuwe naam
help-command-remove = Verwijdert een account van deze telefoon en meldt dat bij de server
help-remove-account = Het account: zijn naam hier, de server of het kenmerk
help-command-codes = Toont en bewaart de codes van andere diensten: GitHub, uw mail, uw bank
    .after =
        Bij elke dienst met een QR-code voor een app kunt u ook deze telefoon gebruiken:

          koppel codes add                  vraagt om de link of het geheim; niemand ziet wat u typt
          koppel codes add --qr scherm.png  leest de QR-code uit een afbeelding
          koppel codes                      toont de codes, en hoe lang elk nog geldig is
          koppel codes copy github          zet een code op het klembord

        De geheimen staan versleuteld bij uw accounts, gaan naar geen enkele server en worden nergens getoond. De codes volgen de klok van deze computer; loopt die verkeerd, dan kloppen ze niet.
help-command-codes-list = Toont de codes; in een terminal blijft de lijst staan en telt af
help-codes-list-named = Alleen codes met dit in hun naam
help-command-codes-add = Bewaart een code van een andere dienst, of alle codes die een andere app exporteert
    .after =
        Zonder gegevens vraagt koppel om de link of het geheim, en ziet niemand wat u typt. Dat is de beste manier: een link op de opdrachtregel is voor anderen op deze computer te zien en blijft in de geschiedenis van uw terminal staan. Een link uit een ander programma geeft u met een streepje door:

          wl-paste | koppel codes add -

        Gelezen worden links die met otpauth:// beginnen, en de export van een andere app (otpauth-migration://). Staat de export in meer QR-codes, lees ze dan allemaal. Codes die met een teller werken, gaan niet mee; u ziet per code waarom. Wat er al is, wordt niet dubbel bewaard.
help-codes-add-link = De link; een streepje leest links van de invoer, één per regel
help-codes-add-qr = Leest de QR-code uit deze afbeelding (PNG of JPEG)
help-command-codes-copy = Zet een code op het klembord, ook door ssh heen, als uw terminal dat toestaat (OSC 52)
help-codes-copy-code = De code: zijn nummer in de lijst, zijn naam of zijn kenmerk
help-command-codes-rename = Geeft een code hier een andere naam
help-codes-rename-code = De code: zijn nummer in de lijst, zijn naam of zijn kenmerk
help-codes-rename-label = De nieuwe naam
help-command-codes-move = Zet een code op een andere plaats in de lijst
help-codes-move-code = De code: zijn nummer in de lijst, zijn naam of zijn kenmerk
help-codes-move-place = De plaats, geteld vanaf 1
help-command-codes-remove = Verwijdert een code en zijn geheim, na een vraag
    .after =
        Zet eerst bij de dienst zelf het inloggen met een code uit, of stel daar een andere app in. Anders komt u er niet meer in.
help-codes-remove-code = De code: zijn nummer in de lijst, zijn naam of zijn kenmerk
help-command-start-afresh = Legt een kluis die niet meer opengaat opzij en begint opnieuw

## Vragen
ask-pin = Pincode:
ask-new-pin = Kies een pincode:
ask-new-pin-again = Nog een keer:
ask-new-pin-file = Zonder sleutelbos komen uw geheimen in een bestand dat met een pincode is vergrendeld. U typt die pincode bij elke start en bij elke goedkeuring. Minstens 6 tekens; langer is beter.
ask-new-pin-keyring = Goedkeuren vraagt straks altijd uw pincode. Minstens 6 tekens; langer is beter.
ask-password = Uw wachtwoord van het paneel:
ask-user = Uw gebruikersnaam:
ask-koppelcode = De koppelcode:
ask-otp = Plak de link of het geheim (u ziet niet wat u typt):
ask-otp-issuer = Van welke dienst is de code?
ask-otp-name = Uw naam daar (mag leeg blijven):
ask-link-or-server = Plak de link, of typ de naam van de server:
ask-yes-no = (j/n)
ask-yes = j ja y yes
ask-no = n nee no
agree-host = U koppelt deze telefoon bij { $host }. Heeft iemand u hierom gebeld? Ga dan niet door. Wilt u doorgaan?
agree-remove = { $who } ({ $user }) verdwijnt van deze telefoon. Inloggen kan dan alleen nog op een andere manier. Doorgaan?
agree-remove-code = De code van { $who } verdwijnt, en zijn geheim ook. Heeft u bij de dienst zelf het inloggen met deze code al uitgezet? Zonder code komt u er anders niet meer in. Doorgaan?
agree-afresh = De kluis wordt opzij gelegd en niet gewist. U koppelt daarna al uw accounts opnieuw. Doorgaan?
started-afresh = Opnieuw begonnen. De oude kluis ligt in { $file }.

## Koppelen
offer-title = Klopt dit?
offer-taken = Deze telefoon wordt gekoppeld.
offer-host = Server
offer-organisation = Organisatie
offer-account = Account
offer-warning = Heeft iemand u hierom gebeld? Koppel dan niet. Geef nooit een code of een getal aan iemand die u belt.
offer-agree = Koppelt u deze telefoon aan dit account?
check-number = Controlegetal: { $number }
check-number-for = Controlegetal voor { $who }
check-number-where = Typ dit controlegetal op het scherm waar u al bent. Heeft u zelf de klantenservice gebeld? Lees het daar dan voor. Geef het nooit aan iemand die u belt. U mag dit programma intussen sluiten.
check-number-wrong =
    { $count ->
        [0] Er is drie keer een verkeerd controlegetal getypt. Het koppelen stopt.
        [one] Er is een verkeerd controlegetal getypt. U heeft nog 1 poging. Was u dat niet? Stop dan met koppelen.
       *[other] Er is een verkeerd controlegetal getypt. U heeft nog { $count } pogingen. Was u dat niet? Stop dan met koppelen.
    }
paired = Klaar! Gefeliciteerd! Deze telefoon is gekoppeld aan { $user } bij { $who }.
paired-next = Start koppel om op verzoeken te wachten.
not-paired = Er is niets gekoppeld.
removed = Het account is van deze telefoon verwijderd.
welcome =
    Er is nog geen account op deze telefoon. Koppel er een: koppel pair --server SERVER --user NAAM --code KOPPELCODE, of koppel pair 'LINK'. Meer: koppel pair --help

## Een verzoek
title-login = Inlogverzoek bij { $who }
title-enrol = Instellen bij { $who }
title-settings = Instellingen wijzigen bij { $who }
title-test = Proefverzoek van { $who }
title-confirm = Nieuwe telefoon koppelen bij { $who }
title-unlock = Account ontgrendelen bij { $who }
fact-account = Account
fact-origin = Website
fact-browser = Browser
fact-place = Plaats
fact-address = Adres
fact-began = Begonnen
fact-phone = Telefoon
place-roughly = { $place } (bij benadering)
warning-page-ip = Let op: de pagina is geopend vanaf een ander adres ({ $ip }). Bent u dat niet? Weiger dan.
several-wait = Er wachten { $count } inlogverzoeken. Hooguit één is van u; antwoord alleen op dat ene.
do-code = Typ deze code op uw scherm. Geef hem aan niemand door.
do-test = Dit is een proef. U hoeft deze code nergens te typen.
do-number = Typ het getal dat op uw scherm staat. Doe dit alleen als u nu zelf inlogt.
do-confirm = Typ het controlegetal dat op de nieuwe telefoon staat. Doe dit alleen als u die telefoon zelf in handen heeft.
do-unlock = U heeft gemeld: “Dit was ik niet”. Daarom is uw account vergrendeld. Keur goed om het te ontgrendelen.
do-codes-only = Deze telefoon toont alleen codes en kan niet goedkeuren. Weigeren kan wel.
do-update = Dit soort verzoek kent deze versie niet. Werk Koppel bij. Weigeren kan wel.
number-incomplete = Typ eerst alle cijfers van het getal op uw scherm; het zijn er minstens zes.
seconds-left =
    { $count ->
        [one] Nog 1 seconde.
       *[other] Nog { $count } seconden.
    }
seconds-short = nog { $count } s
pin-for = Uw pincode, voor { $who }:
signing = Bezig met ondertekenen …
answer-on-its-way = Uw antwoord is onderweg.
deny-why = Waarom weigert u?
deny-mistake = 1   Ik vergiste me
deny-not-me = 2   Dit was ik niet
not-me-sure = U meldt dat iemand anders met uw wachtwoord probeert in te loggen. Uw account wordt vergrendeld tot u het ontgrendelt of de klantenservice u helpt. Melden?
not-me-sure-typed = U meldt dat iemand anders met uw wachtwoord probeert in te loggen. Uw account wordt dan vergrendeld. Weet u het zeker? Typ nog een keer melden.

## Wat ervan kwam
outcome-approved = Goedgekeurd. Ga terug naar uw browser.
outcome-unlocked = Uw account is ontgrendeld. U kunt weer inloggen.
outcome-confirmed = Goedgekeurd. De nieuwe telefoon is gekoppeld.
outcome-denied = Geweigerd. Er is niemand ingelogd.
outcome-fraud = Gemeld. Uw account is vergrendeld; niemand kan inloggen. Wijzig uw wachtwoord. Ontgrendelen kan hier, of via de klantenservice.
outcome-queued = Er is geen verbinding. Uw antwoord is bewaard en wordt verstuurd zodra het kan.
outcome-wrong-number =
    { $count ->
        [one] Dat getal klopt niet. U heeft nog 1 poging. Kijk op uw scherm en typ het opnieuw.
       *[other] Dat getal klopt niet. U heeft nog { $count } pogingen. Kijk op uw scherm en typ het opnieuw.
    }
outcome-wrong-number-last = Dat getal klopt niet. Dit verzoek is gestopt. Log opnieuw in.
outcome-expired = Te laat: dit verzoek is verlopen. Vraag op uw scherm een nieuw verzoek aan.
outcome-superseded = Er is een nieuwer verzoek. Antwoord op dat verzoek; dit telt niet mee.
outcome-elsewhere = Dit verzoek is al op een ander apparaat beantwoord.
outcome-locked = Uw account is vergrendeld. Ontgrendel het hier, of bel de klantenservice.
ended-approved = Goedgekeurd.
ended-denied = Dit verzoek is geweigerd.
ended-fraud = Gemeld als misbruik. Het account is vergrendeld.
ended-failed = Dit verzoek is gestopt na te veel verkeerde pogingen.
ended-superseded = Dit verzoek is vervangen door een nieuwer.
ended-cancelled = Dit verzoek is ingetrokken.
ended-expired = Dit verzoek is verlopen. Vraag op uw scherm een nieuw verzoek aan.

## Berichten
notice-device-added = { $time }  { $who }: er is een telefoon gekoppeld: { $detail }. Was u dat niet? Bel de klantenservice.
notice-device-removed = { $time }  { $who }: er is een telefoon verwijderd: { $detail }.
notice-factor-changed = { $time }  { $who }: uw manier van inloggen is gewijzigd: { $detail }.
notice-locked = { $time }  { $who }: uw account is vergrendeld. { $detail }
notice-unlocked = { $time }  { $who }: uw account is niet meer vergrendeld.
notice-reset-asked = { $time }  { $who }: er is gevraagd uw beveiliging opnieuw in te stellen. Was u dat niet? Log in, of bel de klantenservice.
notice-unlinked = { $time }  { $who }: deze telefoon is losgekoppeld. { $detail }
notice-other = { $time }  { $who }: { $detail }

## Accounts
status-active = gekoppeld
status-codes-only = gekoppeld, alleen codes
status-key-lost = goedkeuren opnieuw instellen
status-pairing = bezig met koppelen
status-awaiting = wacht op controlegetal
status-locked = vergrendeld na uw melding
status-server-changed = gestopt: de server is een andere
status-revoked = door de server verwijderd
status-removing = wordt verwijderd
connection-live = verbonden
connection-poll = verbonden, vraagt steeds na
connection-offline = geen verbinding
nothing-waits = Er wacht geen verzoek. Laat dit venster open; een verzoek verschijnt vanzelf.

## Codes van andere diensten
codes-title = Codes
codes-none = Hier staan geen codes. Bewaar er een: koppel codes add
codes-none-named = Geen enkele code heeft dit in zijn naam. Met koppel codes ziet u ze allemaal.
codes-wait = Even geduld …
codes-keys = { $arrows } Bladeren   q Stoppen
code-kept = Bewaard: { $who }. De code is nu { $code }.
code-known = Die was er al: { $who }. De code is nu { $code }.
code-refused = Niet bewaard: { $who }. { $why }
code-nameless = een code zonder naam
code-part = Dit was deel { $number } van { $count } van de export. Lees ook de andere delen.
code-unread =
    { $count ->
        [one] Eén QR-code in de afbeelding was niet te lezen. Staat daar ook een code in, maak dan een scherpere afbeelding.
       *[other] { $count } QR-codes in de afbeelding waren niet te lezen. Staan daar ook codes in, maak dan een scherpere afbeelding.
    }
code-copied =
    { $count ->
        [one] De code van { $who } staat op het klembord, als uw terminal dat toestaat. De code is nog 1 seconde geldig.
       *[other] De code van { $who } staat op het klembord, als uw terminal dat toestaat. De code is nog { $count } seconden geldig.
    }

## Test mijn telefoon
testing = De telefoon wordt getest …
step-server = De server
step-proof = Deze telefoon bij de server
step-clock = De klok
step-live = De verbinding
step-roundtrip = Een proefverzoek
finding-well = in orde ({ $ms } ms)
finding-clock-off = deze klok wijkt { $count } seconden af; dat is niet erg
finding-only-polling = geen open verbinding; er wordt steeds nagevraagd, dat is iets trager
finding-skipped = overgeslagen
tested-well = Alles werkt.
tested-badly = Inloggen met deze telefoon werkt nu niet.
support-code = Testuitslag voor de klantenservice: { $code }

## Toetsen
key-approve = Enter Goedkeuren
key-deny = w Weigeren
key-next = Tab Volgende
key-unlock = u Ontgrendelen
key-dismiss = x Gelezen
key-test = t Test
key-help = ? Hulp
key-quit = q Stoppen
keys-denying = 1 Ik vergiste me   2 Dit was ik niet   Esc Terug
keys-doubting = j Melden   Esc Terug
keys-pin = Enter Goedkeuren   Esc Terug
keys-offer = j Koppelen   n Niet koppelen
keys-help = Druk op een toets om terug te gaan
help-screen-title = Zo werkt dit scherm
help-screen =
    Een code typt u op uw scherm. Een getal typt u hier, met Enter en uw pincode.
    w weigert. Meldt u dat u het niet was, dan wordt uw account vergrendeld.
    Tab toont het volgende verzoek, als er meer wachten.
    t test deze telefoon, r vraagt nu na, u ontgrendelt na een melding, x legt een bericht weg.
    Geef nooit een code of een getal aan iemand die u belt. Alleen het controlegetal mag u voorlezen, en alleen als u zelf de klantenservice heeft gebeld.

## Woorden op een regel
word-approve = goedkeuren g
word-deny = weigeren w
word-not-me = melden m
word-choose = kies k
word-test = test t
word-refresh = vernieuwen v
word-unlock = ontgrendelen o
word-quit = stop stoppen q
lines-code = Uw code: { $code }
lines-may-deny = Weigeren: typ weigeren. Was u dit niet? Typ melden.
lines-may-answer = Goedkeuren: typ het getal, of goedkeuren als er geen getal is. Weigeren: typ weigeren. Was u dit niet? Typ melden.
lines-help = U kunt typen: een getal, goedkeuren, weigeren, melden, kies 2, test, vernieuwen, ontgrendelen, stop.

## Fouten
error-koppelcode-mistyped =
    { $word ->
        [length] Een koppelcode heeft negen tekens; dit zijn er { $count }.
        [symbol] Het { $count }e teken komt in een koppelcode niet voor.
       *[check] In deze koppelcode zit een tikfout.
    }
    .next = Kijk hem na en typ hem opnieuw; dit heeft geen poging gekost.
error-link-invalid =
    { $word ->
        [too-long] Dit is te lang voor een koppellink.
        [host] In deze koppellink staat geen geldige servernaam.
        [version] Deze koppellink is van een nieuwere versie.
        [damaged] Deze koppellink is niet compleet of beschadigd.
       *[form] Dit is geen koppellink.
    }
    .next =
        { $word ->
            [version] Werk Koppel bij.
           *[form] Kopieer de hele link, ook wat na het hekje staat, en zet hem tussen enkele aanhalingstekens.
        }
error-host-invalid = { $word } is geen geldige servernaam.
    .next = Typ hem zoals de klantenservice hem gaf, bijvoorbeeld 2fa.voorbeeld.nl.
error-name-invalid = Deze naam is leeg, te lang of bevat tekens die niet mogen.
    .next = Gebruik 1 tot 64 gewone tekens.
error-ca-invalid = Dit bestand met certificaten is niet te gebruiken ({ $word }).
    .next = Geef met --ca een PEM-bestand met het certificaat van de uitgever.
error-file-unreadable = Dit bestand is niet te lezen ({ $word }).
    .next = Kijk of de naam klopt en of u het mag lezen.
error-invitation-refused = De server neemt deze code, deze link of dit wachtwoord niet aan: onjuist, al gebruikt of verlopen. Er is niets gekoppeld.
    .next = Kijk na wat u typte, of vraag een nieuwe code aan.
error-code-used = Met deze code of link is al een andere telefoon gekoppeld, en deze niet.
    .next = Was u dat niet? Meld het meteen bij de klantenservice. Anders vraagt u een nieuwe code aan.
error-expired = Te laat: dit is verlopen. Er is niets gekoppeld of goedgekeurd.
    .next = Vraag een nieuwe aan.
error-refused = Het koppelen is geweigerd, of het controlegetal is te vaak verkeerd getypt. Er is niets gekoppeld.
    .next = Begin opnieuw met een nieuwe code, en typ het controlegetal dat op deze telefoon staat.
error-too-many-tries =
    { $count ->
        [0] Er is te vaak geprobeerd.
       *[other] Er is te vaak geprobeerd. Wacht { $count } seconden.
    }
    .next =
        { $word ->
            [retries] Deze telefoon probeert het daarna vanzelf opnieuw.
           *[other] Probeer het later opnieuw, of vraag een nieuwe code aan.
        }
error-no-connection = De server is niet te bereiken. Er is niets verloren.
    .next =
        { $word ->
            [again] Er is niets goedgekeurd. Kijk of u internet heeft, en keur dan opnieuw goed.
            [pairing] Kijk of u internet heeft en of de naam van de server klopt, en begin dan opnieuw.
            [retries] Kijk of u internet heeft en of de naam van de server klopt. Deze telefoon probeert het vanzelf opnieuw.
           *[other] Kijk of u internet heeft en of de naam van de server klopt, en probeer het dan opnieuw.
        }
error-tls = Het certificaat van de server is niet te vertrouwen; er is niets verstuurd.
    .next = Klopt de naam van de server? Heeft de server een eigen uitgever, geef diens certificaat dan met --ca.
error-timeout = De server antwoordt niet op tijd. Er is niets verloren.
    .next =
        { $word ->
            [again] Er is niets goedgekeurd. Keur straks opnieuw goed.
            [pairing] Begin straks opnieuw.
            [retries] Deze telefoon probeert het vanzelf opnieuw.
           *[other] Probeer het straks opnieuw.
        }
error-unavailable = De server kan nu niet helpen. Er is niets verloren.
    .next =
        { $word ->
            [again] Er is niets goedgekeurd. Keur straks opnieuw goed.
            [pairing] Begin straks opnieuw.
            [retries] Deze telefoon probeert het vanzelf opnieuw.
           *[other] Probeer het straks opnieuw.
        }
error-response-too-large = De server stuurde een antwoord dat niet van Koppel kan zijn; het is weggegooid.
    .next = Kijk of de naam van de server klopt.
error-response-invalid = De server stuurde een antwoord dat niet van Koppel is; het is weggegooid.
    .next = Kijk of de naam van de server klopt.
error-server-changed = Deze server toont een andere identiteit dan toen u koppelde. Het account is gestopt; er is niets verstuurd.
    .next = Vraag de klantenservice of dit klopt. Zo ja: verwijder het account en koppel opnieuw.
error-server-mismatch = De server op dit adres is niet die van de link. Er is niets gekoppeld.
    .next = Gebruik deze link niet. Vraag een nieuwe aan bij de klantenservice.
error-host-mismatch = De server antwoordt voor een ander adres. Er is niets gekoppeld.
    .next = Gebruik het adres dat de klantenservice gaf.
error-wrong-pin =
    { $count ->
        [one] Die pincode klopt niet. Na nog 1 verkeerde poging moet u wachten.
       *[other] Die pincode klopt niet. Na nog { $count } verkeerde pogingen moet u wachten.
    }
    .next = Typ hem opnieuw. Er is niets goedgekeurd.
error-pin-too-many-tries = De pincode is te vaak verkeerd getypt. Wacht { $count } seconden.
    .next = Bent u hem vergeten? Dan legt koppel start-afresh de kluis opzij en koppelt u opnieuw.
error-pin-too-short = Een pincode heeft minstens 6 tekens.
    .next = Kies een langere.
error-pin-too-long = Een pincode heeft hoogstens 64 tekens.
    .next = Kies een kortere.
error-pin-unreadable = Deze pincode bevat tekens die niet te lezen zijn.
    .next = Kies een andere.
error-pin-needed-to-open = Er is een pincode nodig om de map van deze telefoon te openen: zonder sleutelbos liggen uw geheimen onder die pincode.
    .next = Start koppel in een terminal, of geef een bestand met --pin-file.
error-pin-needed-to-approve = Er is een pincode nodig om goed te keuren.
    .next =
        { $word ->
            [pairing] Start koppel in een terminal, of geef een bestand met --pin-file. Wilt u alleen codes zien, koppel dan met --codes-only.
           *[other] Start koppel in een terminal, of geef een bestand met --pin-file.
        }
error-pins-differ = De twee pincodes zijn verschillend.
    .next = Typ hem twee keer hetzelfde.
error-pin-damaged = Het bestand van de pincode is beschadigd of van een nieuwere versie.
    .next = Werk Koppel bij, of begin opnieuw met koppel start-afresh.
error-password-needed = Er is een wachtwoord nodig.
    .next = Start koppel in een terminal, of geef een bestand met --password-file.
error-codes-only = Deze telefoon toont alleen codes en kan niet goedkeuren.
    .next = Koppel opnieuw zonder --codes-only om te kunnen goedkeuren.
error-no-such-challenge = Dit verzoek is er niet, of het is voorbij.
    .next = Vraag op uw scherm een nieuw verzoek aan.
error-no-such-account = Zo'n account is er niet op deze telefoon.
    .next = koppel accounts toont welke er zijn.
error-no-such-code = Zo'n code is er niet, of er zijn er meer die zo heten.
    .next = koppel codes toont ze; noem het nummer in die lijst.
error-too-many-codes = Er staan al zo veel codes als er kunnen zijn. Er is niets bewaard.
    .next = Verwijder er eerst een die u niet meer gebruikt.
error-codes-not-kept = Dit kon niet worden bewaard: de map is niet te schrijven, of de schijf is vol.
    .next = Maak ruimte of maak de map schrijfbaar, en doe het dan opnieuw.
error-no-clipboard = Hier is geen terminal die een klembord heeft. Er is niets gekopieerd.
    .next = Toon de code met koppel codes.
error-in-line = Regel { $line }: { $what }
error-otp-none-kept = Er is niets bewaard.
    .next = Blijf voor deze codes de andere app gebruiken, of vraag de dienst om een gewone code voor een app.
error-otp-link-needed = Er is een link nodig, en hier is niemand aan wie koppel die kan vragen.
    .next = Geef hem op de invoer: koppel codes add - . Of geef een afbeelding met --qr.
error-otp-link-invalid = Dit is geen link voor een code. Er is niets bewaard.
    .next = Neem de link die met otpauth:// begint, of geef de afbeelding van de QR-code met --qr.
error-otp-link-too-long =
    { $word ->
        [input] De invoer is te lang. Er is niets bewaard.
       *[other] Deze link is langer dan er in een QR-code past. Er is niets bewaard.
    }
    .next =
        { $word ->
            [input] Geef minder links tegelijk.
           *[other] Kopieer hem opnieuw.
        }
error-otp-counter-based = Deze code werkt met een teller in plaats van met de tijd, en dat kan hier niet.
    .next = Vraag de dienst om een code die met de tijd werkt, of blijf daarvoor de andere app gebruiken.
error-otp-kind-unknown = Zulke codes maakt alleen de app van de dienst zelf.
    .next = Blijf daarvoor die app gebruiken.
error-otp-secret-missing = Het geheim ontbreekt. Er is niets bewaard.
    .next = Lees de hele QR-code, of kopieer het hele geheim.
error-otp-secret-mistyped = Het { $count }e teken van het geheim kan niet. Er is niets bewaard.
    .next = Typ het opnieuw. Er staan alleen letters en de cijfers 2 tot en met 7 in: een O en geen 0, een I of L en geen 1, een B en geen 8.
error-otp-secret-too-long = Het geheim is te lang. Er is niets bewaard.
    .next = Kopieer alleen het geheim.
error-otp-hash-unknown = Deze code wordt gemaakt op een manier die hier niet kan.
    .next = Stel bij de dienst een gewone code voor een app in, of blijf daarvoor de andere app gebruiken.
error-otp-digits-unknown = Deze code heeft geen 6, 7 of 8 cijfers, en dat kan hier niet.
    .next = Stel bij de dienst een gewone code voor een app in, of blijf daarvoor de andere app gebruiken.
error-otp-period-unknown = Deze code is niet 1 tot 300 seconden geldig, en dat kan hier niet.
    .next = Stel bij de dienst een gewone code voor een app in, of blijf daarvoor de andere app gebruiken.
error-otp-name-missing = Zonder naam is deze code niet van andere te onderscheiden. Er is niets bewaard.
    .next = Doe het opnieuw en noem de dienst, of uw naam daar.
error-otp-export-damaged = Deze export is niet compleet of beschadigd. Er is niets bewaard.
    .next = Laat de andere app de QR-code opnieuw tonen, en lees hem opnieuw.
error-otp-export-empty = In deze export staat geen enkele code.
    .next = Kies in de andere app opnieuw wat u wilt overzetten.
error-picture-unreadable = Dit bestand is geen afbeelding die hier te lezen is. Er is niets bewaard.
    .next = Maak een schermafdruk als PNG of JPEG.
error-qr-not-found = In deze afbeelding is geen QR-code te lezen. Er is niets bewaard.
    .next = Maak een scherpere afbeelding, waar de hele QR-code op staat.
error-number-needed = Dit verzoek vraagt om het getal dat op uw scherm staat.
    .next = Typ dat getal.
error-number-invalid = Dat is geen getal van zes cijfers.
    .next = Typ het getal dat op uw scherm staat.
error-nothing-to-approve = Bij dit verzoek valt niets goed te keuren: u typt de code op uw scherm.
    .next = Typ de code op uw scherm.
error-already-answered = Dit verzoek heeft u al beantwoord; het antwoord is onderweg.
    .next = Wacht even.
error-not-active = Dit account is nog niet of niet meer actief.
    .next = Maak het koppelen af, of koppel opnieuw.
error-not-locked = Dit account is niet vergrendeld door een melding van deze telefoon.
    .next = Vraag de klantenservice om hulp.
error-locked = Het account is vergrendeld.
    .next = Ontgrendel het op de telefoon waarmee u het misbruik meldde, of bel de klantenservice.
error-vault-damaged = De kluis van deze telefoon is beschadigd. Het bestand is niet gewist.
    .next = Zet een kopie terug, of leg hem opzij met koppel start-afresh en koppel opnieuw.
error-vault-newer = De kluis is van een nieuwere versie van Koppel. Er is niets veranderd.
    .next = Werk Koppel bij.
error-vault-locked = De sleutelbos van deze computer is vergrendeld of antwoordt niet. Er is niets verloren.
    .next = Ontgrendel de sleutelbos en probeer het opnieuw.
error-key-lost = De sleutel van deze telefoon is weg; zonder die sleutel gaat hij niet open. Het bestand is niet gewist.
    .next = Zet de sleutelbos terug, of leg de kluis opzij met koppel start-afresh en koppel opnieuw.
error-keyring-missing = Deze computer heeft geen sleutelbos die werkt ({ $word }).
    .next = Gebruik --secrets file: dan komen uw geheimen in een bestand onder uw pincode.
error-folder-in-use = Deze map is al open in een andere koppel.
    .next = Gebruik die, of sluit hem eerst.
error-folder-unwritable = De map van deze telefoon is niet te lezen of te schrijven ({ $word }). Er is niets verstuurd.
    .next = Maak de map schrijfbaar, of kies een andere met --folder.
error-disk-full = De schijf is vol. Er is niets verstuurd of verloren.
    .next = Maak ruimte; deze telefoon gaat dan vanzelf verder.
error-command-invalid = Deze opdracht is niet te begrijpen ({ $word }).
    .next = Kijk met koppel --help hoe het moet.
error-command-with-link = Deze opdracht is niet te begrijpen. Wat u gaf, wordt hier niet herhaald: er kan een geheim in staan.
    .next = Gebruik: koppel codes add, of koppel codes add - met op de invoer één link per regel.
error-cancelled =
    { $word ->
        [codes] Afgebroken. Er is niets veranderd.
       *[other] Afgebroken. Er is niets gekoppeld of goedgekeurd.
    }
    .next = U kunt het opnieuw proberen.
error-interrupted = Onderbroken. Wat al was begonnen, gaat bij de volgende start verder.
    .next = Start koppel opnieuw.
error-device-revoked = De server heeft deze telefoon verwijderd.
    .next = Was u dat niet? Bel de klantenservice. Anders koppelt u opnieuw.
error-device-suspended = De server heeft deze telefoon stilgezet.
    .next = Vraag de klantenservice om hulp.
error-update-required = Dit verzoek kent deze versie van Koppel niet.
    .next = Werk Koppel bij.
error-test-failed = Inloggen met deze telefoon werkt nu niet.
    .next = Bel de klantenservice en lees de testuitslag voor.
error-internal = Er ging iets mis dat niet mag gebeuren ({ $code }). Er is niets goedgekeurd.
    .next = Probeer het opnieuw; blijft het, meld dit dan bij de klantenservice.
