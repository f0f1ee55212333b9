# Alle teksten van de gehoste pagina's. Elke sleutel staat ook in en.ftl, met dezelfde argumenten.
# Toon: u-vorm, korte hoofdzinnen, geen vaktaal. Een fout zegt wat er gebeurde, of er iets verloren is, en wat u nu doet.

## Op elke pagina
page-secured-by = Beveiligd met Koppel
page-continue = Doorgaan
page-refresh = Vernieuwen
page-back-to = Terug naar { $party }
support-ring = Bel { $number }
page-retry = Opnieuw proberen
page-copy = Kopiëren
page-copied = Gekopieerd
page-offline = Geen verbinding met de server. We proberen het opnieuw.
page-account = Account { $account }
page-seconds-left = { $seconds ->
    [one] Nog 1 seconde
   *[other] Nog { $seconds } seconden
}

## Verifiëren
verify-tab = Identiteit verifiëren
verify-wait = Wacht even …
verify-title = we moeten uw identiteit verifiëren
verify-code-intro = Voer de verificatiecode in die u heeft ontvangen in uw app.
verify-code-label = Verificatiecode, { $digits } cijfers
verify-code-resend = Code nogmaals versturen
verify-code-again = Nieuwe code versturen
verify-number-intro = Typ dit getal in de app op uw telefoon.
verify-number-label = Getal voor in de app
verify-number-care = Doe dit alleen als u nu zelf inlogt. Daarna gaat u hier vanzelf verder.
verify-number-resend = Verzoek nogmaals versturen
verify-number-again = Nieuw verzoek versturen
verify-resend-wait = over { $seconds } s
verify-others = { $count ->
    [one] Er wacht nog een ander inlogverzoek voor dit account. Alleen het verzoek van deze pagina is van u. Herkent u het andere niet? Kies in de app “Dit was ik niet”.
   *[other] Er wachten nog { $count } andere inlogverzoeken voor dit account. Alleen het verzoek van deze pagina is van u. Herkent u de andere niet? Kies in de app “Dit was ik niet”.
}
verify-totp-intro = Typ de code die uw authenticator nu toont.
verify-recovery-intro = Typ een van uw herstelcodes, ook het cijfer vooraan. Daarna stelt u opnieuw iets in waarmee u inlogt.
verify-recovery-example = Bijvoorbeeld 3-7KQM-X2PD-9RTV-H4CW
verify-recovery-label = Herstelcode
verify-remember = { $days ->
    [one] Vraag hier een dag lang niet om een code
   *[other] Vraag hier { $days } dagen niet om een code
}
verify-remember-care = Alleen op uw eigen computer of telefoon.
verify-other = Een andere methode gebruiken
verify-other-app = Code in de app
verify-other-totp = Code uit de authenticator
verify-other-recovery = Herstelcode
verify-nothing-works = Werkt niets hiervan? Bel de klantenservice van { $party }.
verify-approved-title = U bent geverifieerd
verify-approved-text = U gaat verder naar { $party }.

## De stand van een verzending
line-queued = Wordt verzonden
line-sent = Verzonden
line-arrived = Aangekomen op uw telefoon
line-shown = Getoond op uw telefoon
line-approved = Goedgekeurd
line-unreached = Nog niet aangekomen
line-ended = Beëindigd
hint-sent = Geen melding? Open dan de app op uw telefoon.
hint-arrived = Open de melding op uw telefoon.
hint-shown-code = Neem de code over van uw telefoon.
hint-shown-number = Typ het getal op uw telefoon en keur goed.
hint-approved = Een ogenblik, u gaat vanzelf verder.
hint-unreached = Heeft uw telefoon verbinding? Open dan de app.
hint-quiet = Uw telefoon geeft nu geen melding. Open zelf de app.

## Wat er mis kan gaan bij het typen
problem-wrong-code = { $tries ->
    [one] Deze code klopt niet. U kunt het nog één keer proberen.
   *[other] Deze code klopt niet. U kunt het nog { $tries } keer proberen.
}
problem-not-now = Codes van een authenticator kunnen wij nu niet nagaan. Er is niets verloren gegaan. Kies een andere methode, of probeer het later opnieuw.
problem-incomplete = Vul alle { $digits } cijfers in. Dit telt niet als poging.
problem-recovery-form = Een herstelcode is een nummer met zestien letters en cijfers, zoals 3-7KQM-X2PD-9RTV-H4CW. Dit telt niet als poging.
problem-wait = { $seconds ->
    [one] Er is te vaak een verkeerde code ingevuld. Wacht 1 seconde en probeer het dan opnieuw.
   *[other] Er is te vaak een verkeerde code ingevuld. Wacht { $seconds } seconden en probeer het dan opnieuw.
}
problem-too-soon = { $seconds ->
    [one] U kunt over 1 seconde opnieuw versturen.
   *[other] U kunt over { $seconds } seconden opnieuw versturen.
}
problem-superseded = Er is intussen een nieuwere code verstuurd. De vorige werkt niet meer; voer de laatste in.
problem-no-more-sends = Er kan geen nieuwe code meer verstuurd worden. Gebruik de laatste code of een andere methode.

## Hoe een verificatie eindigt
ended-delivery-title = De tijd is om
ended-delivery-code = Deze code is verlopen. Verstuur een nieuwe; uw inlogpoging loopt nog.
ended-delivery-number = Dit getal is verlopen. Verstuur een nieuw verzoek; uw inlogpoging loopt nog.
ended-expired-title = De tijd is om
ended-expired-text = Er is niet op tijd bevestigd en er is niet ingelogd. Ga terug en log opnieuw in.
ended-denied-title = Geweigerd op uw telefoon
ended-denied-text = Het verzoek is in de app geweigerd en er is niet ingelogd. Was dat niet de bedoeling? Ga terug en log opnieuw in.
ended-fraud-title = Gemeld als misbruik
ended-fraud-text = In de app is gemeld dat dit verzoek niet van u was. Er is niet ingelogd en het account is vergrendeld. Ontgrendel het in de app waarmee u het meldde, of bel de klantenservice van { $party }.
ended-locked-title = Uw account is vergrendeld
ended-locked-text = Inloggen kan nu niet. Er is niets verloren gegaan. Heeft u zelf misbruik gemeld? Ontgrendel uw account dan in de app. Bel anders de klantenservice van { $party }.
ended-tries-title = Te veel pogingen
ended-tries-text = De code is te vaak verkeerd ingevuld en er is niet ingelogd. Ga terug en log opnieuw in; u krijgt dan een nieuwe code.
ended-superseded-title = Er is een nieuwere inlogpoging
ended-superseded-text = U bent in deze browser opnieuw begonnen met inloggen. Ga verder in het andere venster; deze pagina kunt u sluiten.
ended-cancelled-title = Inloggen is afgebroken
ended-cancelled-text = Er is niet ingelogd. Ga terug en log opnieuw in als u dat wilt.
ended-unavailable-title = Even niet mogelijk
ended-unavailable-text = We kunnen uw telefoon nu niet bereiken en laten daarom niemand binnen. Er is niets verloren gegaan. Probeer het over een minuut opnieuw.

## Een telefoon toevoegen
enrol-tab = Account beveiligen
enrol-title = we moeten eerst uw account beveiligen
enrol-another-title = Een telefoon toevoegen
enrol-why = Voortaan bevestigt u het inloggen met uw telefoon. Met alleen uw wachtwoord komt dan niemand meer binnen.
enrol-another-why = Koppel een telefoon met de Koppel-app. Telefoons die er al zijn, blijven werken.
enrol-install = Installeer eerst de Koppel-app uit de App Store of Google Play.
enrol-elsewhere = Staat de app op een andere telefoon dan deze? Volg dan deze stappen:
enrol-step-open = Open de app op uw telefoon en kies “Scan de QR-code”.
enrol-step-scan = Richt de camera op deze code.
enrol-step-type = Typ daarna hier het controlegetal dat uw telefoon laat zien.
enrol-qr-label = QR-code om uw telefoon te koppelen
enrol-this-phone = Openen in de Koppel-app
enrol-with-code = Liever typen? Gebruik de koppelcode
enrol-code-intro = Kies in de app “Ik heb een koppelcode” en vul dit in:
enrol-code-server = Server
enrol-code-user = Gebruikersnaam
enrol-code-code = Koppelcode
enrol-with-link = Of open een link
enrol-link-intro = Open deze link op uw telefoon of plak hem in de app. Geef hem aan niemand anders.
enrol-link-label = Koppellink
enrol-waiting = Wachten op uw telefoon
enrol-waiting-hint = U gaat hier vanzelf verder.
enrol-go-on = Ik heb gescand, ga verder
enrol-new-invitation = Nieuwe koppelcode maken
enrol-start-again = Opnieuw beginnen
enrol-pending-title = Is dit uw telefoon?
enrol-pending-many = Welke telefoon is van u?
enrol-pending-intro = Typ het controlegetal van zes cijfers dat deze telefoon nu laat zien.
enrol-pending-label = Controlegetal op uw telefoon, { $digits } cijfers
enrol-pending-care = Typ alleen het controlegetal van een telefoon die u zelf vasthoudt.
enrol-pending-line = Telefoon gevonden
enrol-pending-hint = Hij wacht tot u het controlegetal hier typt.
enrol-confirm = Telefoon koppelen
enrol-not-mine = Dit is niet mijn telefoon
enrol-wrong-number = { $tries ->
    [one] Dit controlegetal klopt niet. U kunt het nog één keer proberen.
   *[other] Dit controlegetal klopt niet. U kunt het nog { $tries } keer proberen.
}
enrol-choose-one = Kies eerst welke telefoon van u is. Dit telt niet als poging.
enrol-refused-title = Deze telefoon is niet gekoppeld
enrol-refused-text = Het controlegetal klopte te vaak niet. Er is niets gekoppeld. Begin opnieuw met de telefoon in uw hand.
enrol-expired-title = Deze koppelcode is verlopen
enrol-expired-text = Er is niets gekoppeld. Maak een nieuwe koppelcode en probeer het opnieuw.
enrol-test-title = Bijna klaar: een proef
enrol-test-intro = Uw telefoon is gekoppeld. We sturen nu een proefcode; voer die hier in.
enrol-test-number-intro = Uw telefoon is gekoppeld. Als proef typt u dit getal in de app.
enrol-test-again = Er is niets verloren gegaan: uw telefoon is al gekoppeld. Verstuur een nieuwe proefcode.
enrol-done-title = Klaar! Gefeliciteerd!
enrol-done-text = Uw account is beveiligd met { $device }.
enrol-done-next = Bij elke volgende keer inloggen bevestigt u met deze telefoon.
enrol-continue-to = Doorgaan naar { $party }

## Methoden instellen
wizard-why = Naast uw wachtwoord bevestigt u het inloggen voortaan met iets dat u bij u heeft. Dat heet tweestapsverificatie. Wie alleen uw wachtwoord kent, komt dan niet binnen.
wizard-advice = Ons advies: begin met de app. Daarna voegt u een reserve toe, voor als u uw telefoon kwijt bent.
wizard-optional-title = Maak uw account veiliger
wizard-later = Later
wizard-later-any = Komt het nu niet uit? Dan kan het ook de volgende keer dat u inlogt.
wizard-later-until = Dit mag wachten tot { $day }. Vanaf die dag moet u het instellen om in te loggen.
wizard-backup-title = Voeg ook een reserve toe
wizard-backup-text = Wat u net instelde, werkt. Voeg nu nog iets toe waarmee u binnenkomt als u uw telefoon kwijt bent.
wizard-recovered-title = Stel opnieuw iets in
wizard-recovered-text = Uw herstelcode klopt. Kies waarmee u voortaan inlogt; daarna gaat u hier verder.
wizard-more-title = Uw account is beveiligd
wizard-more-text = U kunt nog iets toevoegen, of doorgaan.
wizard-app = Koppel-app
wizard-app-text = U ontvangt een code in de app op uw telefoon.
wizard-call = Oproep naar uw mobiele nummer
wizard-call-text = U wordt gebeld en hoort een code.
wizard-totp = Authenticator
wizard-totp-text = Google Authenticator, Microsoft Authenticator, Cisco Duo Mobile of een andere app toont een code, ook zonder verbinding.
wizard-totp-backup-text = Alleen een reserve als die op een ander apparaat staat dan de app.
wizard-advised = ons advies
wizard-codes = Herstelcodes
wizard-codes-text = Tien codes op papier, voor als u niets anders meer heeft.
wizard-add = Toevoegen
wizard-add-label = { $method } toevoegen
wizard-added = Toegevoegd
wizard-unavailable = Nog niet beschikbaar bij { $party }.
wizard-call-number = Uw nummer bij { $party }: { $number }.
wizard-other = Een andere methode kiezen
wizard-totp-title = Authenticator toevoegen
wizard-totp-this-phone = Openen in de authenticator op deze telefoon
wizard-totp-install = Heeft u nog geen authenticator? Installeer bijvoorbeeld Google Authenticator.
wizard-totp-elsewhere = Staat uw authenticator op een ander apparaat? Volg dan deze stappen:
wizard-totp-open = Open uw authenticator en kies daar een account toevoegen.
wizard-totp-scan = Scan deze QR-code.
wizard-totp-qr-label = QR-code voor uw authenticator
wizard-totp-type = Typ hier de code van zes cijfers die uw authenticator nu toont.
wizard-totp-label = Code uit uw authenticator, { $digits } cijfers
wizard-totp-add = Authenticator toevoegen
wizard-totp-wrong = Deze code klopt niet. Er is niets verloren gegaan. Wacht op de volgende code en typ die; klopt de klok van uw telefoon?
wizard-totp-manual = Lukt scannen niet? Typ de sleutel over
wizard-totp-key-intro = Kies in uw authenticator voor een sleutel typen, op basis van tijd. Geef deze sleutel aan niemand anders.
wizard-totp-key-label = Sleutel
wizard-codes-intro = U krijgt tien codes. Elke code werkt één keer. Bewaar ze op papier of op een andere veilige plek, niet op uw telefoon.
wizard-codes-again = Uw codes zijn al getoond, en dat kan maar één keer. Heeft u ze niet bewaard? Maak dan nieuwe; de vorige werken niet.
wizard-codes-show = Codes tonen
wizard-codes-make-new = Nieuwe codes maken
wizard-codes-title = Uw herstelcodes
wizard-codes-once = U ziet deze codes alleen nu. Druk ze af of schrijf elke code helemaal over, ook het cijfer vooraan.
wizard-codes-save = Als bestand bewaren
wizard-codes-file = herstelcodes
wizard-codes-print = Afdrukken
wizard-codes-tick = Ik heb deze codes bewaard
wizard-codes-kept-title = Heeft u de codes bewaard?
wizard-codes-kept-text = Zet een vinkje als u ze bewaard heeft. Zo niet, maak dan nieuwe codes; de vorige werken dan niet.
wizard-done-text = Uw account is beveiligd. Bij elke volgende keer inloggen bevestigt u met wat u net heeft ingesteld.

## Instellingen
settings-title = 2FA instellingen
settings-methods = Zo bevestigt u het inloggen
settings-phones = Telefoons met de app
settings-add = Toevoegen
settings-primary = eerste keuze
settings-make-primary = Voortaan als eerste vragen
settings-used = Laatst gebruikt op { $date }
settings-never-used = Nog niet gebruikt
settings-codes-left = { $count ->
    [0] Alle codes zijn gebruikt. Maak nieuwe.
    [one] Nog 1 code over. Maak nieuwe.
   *[other] Nog { $count } codes over
}
settings-seen = laatst gezien op { $date }
settings-approves = kan goedkeuren
settings-codes-only = toont alleen codes
settings-remove = Verwijderen
settings-remove-yes = Ja, verwijderen
settings-remove-method = { $method } verdwijnt van uw account en werkt daarna niet meer. Al uw telefoons krijgen bericht.
settings-remove-phone = { $phone } wordt ontkoppeld en ontvangt geen codes meer. Uw andere telefoons krijgen bericht.
settings-browsers = Onthouden browsers
settings-browsers-intro = Hier logt u voorlopig in zonder tweede stap. Verandert u een methode of uw wachtwoord, dan vergeten wij ze allemaal.
settings-browser = Onbekende browser
settings-browser-until = Laatst gebruikt { $used } · onthouden tot { $until }
settings-browser-forget = Vergeten
settings-reached = Waar u te bereiken bent
settings-reached-change = Klopt dit niet, of niet meer? Laat het wijzigen bij { $party }. Hier kan dat niet.
reached-mobile = Mobiel nummer
reached-mail = E-mailadres
settings-needed = Dit heeft u nodig om in te loggen. Voeg eerst iets anders toe.
settings-no-name = Geef uw telefoon een naam. Er is niets veranderd.
settings-rename = Naam veranderen
settings-rename-yes = Naam opslaan
settings-name-label = Naam van deze telefoon

## Wat er gebeurde, in de eigen geschiedenis en bij de servicedesk
history-title = Wat er gebeurde
history-intro = Herkent u hier iets niet? Verander dan uw wachtwoord en bel de klantenservice.
history-open = Bekijken wat er gebeurde
history-none = Hier is niets te melden.
history-older = Ouder
history-newest = Nieuwste
history-back = Terug naar de instellingen
event-some-method = Een methode
event-by-support = door de klantenservice
event-elsewhere = bij een andere dienst
event-logged-in = Ingelogd
event-settings-opened = Instellingen geopend
event-asked = Om bevestiging gevraagd
event-asked-again = Opnieuw om bevestiging gevraagd
event-approved = Bevestigd
event-consumed = Bevestigd en afgerond
event-lapsed = Bevestigd, maar niet afgerond
event-denied = Inloggen geweigerd
event-fraud = Gemeld: dit was ik niet
event-failed = Te vaak een verkeerde code: niet ingelogd
event-expired = Niet op tijd bevestigd: niet ingelogd
event-superseded = Vraag vervangen door een nieuwe
event-cancelled = Inloggen afgebroken
event-wrong-code = Verkeerde code getypt
event-wrong-number = Verkeerd getal getypt
event-device-pending = Nieuwe telefoon aangemeld
event-device-proven = Nieuwe telefoon herkend
event-device-active = Telefoon gekoppeld
event-device-suspended = Telefoon lang niet gezien, voorlopig uit
event-device-revoked = Telefoon ontkoppeld
event-device-renamed = Telefoon kreeg een andere naam
event-invited = Koppelcode gegeven
event-invitation-wrong = Verkeerde koppelcode of koppellink gebruikt
event-invitation-twice = Koppelcode een tweede keer gebruikt
event-pairing-committed = Koppelen begonnen
event-pairing-proven = Telefoon wacht op het controlegetal
event-pairing-confirmed = Koppeling bevestigd
event-pairing-refused = Nieuwe telefoon geweigerd
event-pairing-expired = Koppeling verlopen
event-pairing-wrong = Verkeerd controlegetal getypt
event-method-offered = { $method }: toevoegen begonnen
event-method-wrong = { $method }: verkeerde code bij het toevoegen
event-codes-made = Nieuwe herstelcodes gemaakt
event-method-added = { $method } toegevoegd
event-method-imported = { $method } overgenomen
event-method-primary = { $method } als eerste gekozen
event-method-removed = { $method } verwijderd
event-typing-disabled = Codes typen uitgezet na te veel verkeerde codes
event-typing-enabled = Codes typen weer aangezet
event-browser-remembered = Browser onthouden
event-browser-forgotten = Browser vergeten
event-browsers-forgotten = Alle browsers vergeten
event-page-opened = Inlogpagina geopend
event-page-done = Inlogpagina afgerond
event-page-done-again = Inlogpagina opnieuw afgerond
event-page-exchanged = Uitkomst opgehaald
event-page-left = Inlogpagina verlaten
event-page-expired = Inlogpagina verlopen
event-foreign-browser = Inlogpagina in een andere browser geopend, en geweigerd
event-recovered = Herstelcode gebruikt
event-result-wrong = Uitkomst met een verkeerde sleutel gevraagd
event-postponed = Beveiligen uitgesteld
event-user-created = Account gemaakt
event-user-changed = Gegevens van het account veranderd
event-user-contacts = Mobiel nummer of mailadressen veranderd
event-user-enabled = Account aangezet
event-user-disabled = Account uitgezet
event-user-deleted = Account verwijderd
event-user-locked = Account vergrendeld
event-user-unlocked = Vergrendeling opgeheven
event-reset-asked = Gevraagd om alles weg te halen
event-reset-withdrawn = Aanvraag om alles weg te halen ingetrokken
event-reset = Alle telefoons en methoden weggehaald
event-looked = Account bekeken
event-password-right = Wachtwoord goed
event-password-wrong = Wachtwoord fout
event-password-chosen = Wachtwoord gekozen

## De link die een telefoon opent
link-tab = Telefoon koppelen
link-title = Koppel deze telefoon aan { $party }
link-intro = De app laat eerst zien om welk account het gaat. Er wordt niets gekoppeld voordat u het daar bevestigt.
link-open = Openen in de app
link-no-app = Staat de app nog niet op deze telefoon?
link-stores = Installeer de app van { $party } uit de App Store of Google Play. Kom daarna terug naar deze pagina.
link-manual = Lukt openen niet?
link-copy-intro = Kopieer deze link en plak hem in de app bij “Scan de QR-code”.
link-code-intro = Of kies in de app “Ik heb een koppelcode” en typ de koppelcode die op uw andere scherm staat.
link-label = Koppellink
link-care = Kreeg u deze link in een bericht of telefoongesprek waar u niet om vroeg? Sluit dan deze pagina.
link-broken-title = Deze link is niet compleet
link-broken-text = Er is niets gekoppeld. Scan de QR-code opnieuw, of gebruik de koppelcode die op uw andere scherm staat.
link-noscript = De knop werkt niet in deze browser. Kopieer het volledige adres van deze pagina en plak het in de app bij “Scan de QR-code”, of typ de koppelcode die op uw andere scherm staat.

## Pagina's die zeggen waarom het niet verder gaat
message-stolen-title = Deze pagina hoort bij een andere browser
message-stolen-text = Ze is al geopend in de browser waarin het inloggen begon. Hier kunt u niet verder, en er is niets met uw account gebeurd. Is dit toch die browser? Sta dan cookies toe voor dit adres en log opnieuw in.
message-stolen-advice = Kreeg u dit adres van iemand anders? Dan probeert die persoon misschien met uw hulp in te loggen. Sluit deze pagina, keur niets goed in de app en verander uw wachtwoord.
message-other-browser-title = Deze pagina hoort bij een andere browser
message-other-browser-text = Open het adres in dezelfde browser als waarin u begon met inloggen. Er is niets verloren gegaan.
message-window-title = Deze pagina opent alleen in een eigen venster
message-window-text = Ze werd ingesloten of vooraf geladen, en dat is uit voorzorg geweigerd. Er is niets verloren gegaan. Open de pagina zelf.
message-window-open = Pagina openen
message-expired-title = Deze pagina is verlopen
message-expired-text = Er is niet ingelogd. Ga terug naar de pagina waar u vandaan kwam en log opnieuw in.
message-used-title = Deze pagina is al gebruikt
message-used-text = U hoeft hier niets meer te doen. Bent u niet ingelogd? Ga dan terug naar de pagina waar u vandaan kwam en log opnieuw in.
message-unknown-title = Deze pagina bestaat niet
message-unknown-text = Het adres klopt niet of is al lang verlopen. Ga terug naar de pagina waar u vandaan kwam en log opnieuw in.
message-support-title = Bel ons om weer in te loggen
message-support-text = Er is geen telefoon meer gekoppeld aan uw account. Voor uw veiligheid kunt u er niet met alleen uw wachtwoord een koppelen.
message-support-advice = Bel de klantenservice van { $party }. Zij controleren wie u bent en geven u een koppelcode.
message-stale-title = Deze pagina was verouderd
message-stale-text = Uw laatste klik is niet verwerkt. Er is niets verloren gegaan. Open de pagina opnieuw.
message-busy-title = Even te druk
message-busy-text = { $seconds ->
    [one] Er kwamen te veel verzoeken tegelijk. Er is niets verloren gegaan. Wacht 1 seconde en probeer het opnieuw.
   *[other] Er kwamen te veel verzoeken tegelijk. Er is niets verloren gegaan. Wacht { $seconds } seconden en probeer het opnieuw.
}

## De servicedesk
desk-panels = Panelen
desk-panels-none = Uw organisaties hebben nog geen paneel.
desk-panels-open = Panelen: voortgang en regels
desk-panels-back = Terug naar de servicedesk
desk-panel-open = { $name } bekijken
desk-rule = Regel
desk-rule-off = Wie dat wil
desk-rule-optional = Mag later
desk-rule-from = Verplicht vanaf { $day }
desk-rule-day = Verplicht vanaf een dag
desk-rule-required = Verplicht
desk-progress = Hoever de klanten zijn
desk-progress-sum = { $percent }% van { $users ->
    [one] { $users } klant heeft
   *[other] { $users } klanten heeft
} tweestapsverificatie ingesteld.
desk-percent = Ingesteld
desk-progress-more = Een lijst van alle klanten maakt u op de server: koppel-server relying-party progress, met de optie --csv.
desk-group = Groep
desk-no-group = Zonder groep
desk-users = Klanten
desk-set-up = Met reserve
desk-backup-missing = Zonder reserve
desk-put-off = Uitgesteld
desk-not-yet = Nog niets
desk-lost = Alles kwijt
desk-disabled = { $count ->
    [one] { $count } uitgeschakelde klant telt niet mee.
   *[other] { $count } uitgeschakelde klanten tellen niet mee.
}
desk-rules = Regels
desk-rules-methods = Welke methoden tellen
desk-rules-backups = Aantal verplichte reservemethoden
desk-rules-mode = Hoe de app bevestigt
desk-rules-code = De telefoon toont een code
desk-rules-number = Op de telefoon wordt een getal getypt
desk-rules-rule = Wie nog niets heeft ingesteld
desk-rules-day = Vanaf welke dag (dd-mm-jjjj)
desk-rules-care = De regels gelden meteen. Wie al iets heeft ingesteld, wordt er altijd om gevraagd. De dag begint om 00:00 uur UTC.
desk-rules-save = Regels opslaan
desk-rules-saved = Opgeslagen. De regels gelden vanaf nu.
desk-rules-saved-nobody = Opgeslagen. Let op: geen enkele klant zit in deze groep. Staat de naam er goed?
desk-rules-no-factor = Er is niets gewijzigd. Herstelcodes alleen zijn niet genoeg: kies ook de app of de authenticator.
desk-rules-signature = Er is niets gewijzigd. Bij dit paneel telt alleen de handtekening van een telefoon: de app moet meetellen.
desk-rules-too-many = Er is niets gewijzigd. Er moeten meer methoden meetellen dan er naast de eerste worden gevraagd.
desk-rules-meanwhile = Er is niets gewijzigd: een collega heeft de regels intussen veranderd. Hieronder staan de nieuwe.
desk-rules-no-day = Er is niets gewijzigd. Vul een dag in, zoals 01-03-2027.
desk-rules-no-group = Er is niets gewijzigd. Vul de naam van de groep in zoals het paneel die schrijft.
desk-rules-remember = Hoeveel dagen een browser onthouden mag worden (0: niet)
desk-rules-days = Er is niets gewijzigd. Een browser wordt 0 tot 30 dagen onthouden.
desk-shown = Getoond op de telefoon van de klant
desk-remembered = Onthouden browser
desk-groups = Groepen met een eigen regel
desk-groups-intro = De regel van een groep gaat vóór de gewone regel. Typ de naam precies zoals het paneel die schrijft.
desk-groups-add = Regel voor deze groep opslaan
desk-groups-remove = Eigen regel van { $group } verwijderen
desk-support = Klantenservice
desk-support-intro = Dit staat op de pagina’s van dit paneel waar niets meer werkt. Wat u leeg laat, staat er niet.
desk-support-telephone = Telefoonnummer
desk-support-web = Webadres, met https:// ervoor
desk-support-note = Toelichting, zoals openingstijden
desk-support-save = Klantenservice opslaan
desk-support-no-telephone = Er is niets gewijzigd. Een telefoonnummer heeft 3 tot 15 cijfers, zoals 085 - 123 45 67.
desk-support-no-web = Er is niets gewijzigd. Het webadres begint met https:// en is hooguit 200 tekens lang.
desk-support-no-note = Er is niets gewijzigd. De toelichting is te lang: hooguit 64 tekens.
desk-look = Kleur
desk-look-intro = De kleur van knoppen en links op de pagina’s van dit paneel. Het logo stelt uw beheerder in met een opdracht op de server.
desk-look-colour = Kleur, zoals #0B6B5D; leeg is onze eigen
desk-look-save = Kleur opslaan
desk-look-no-colour = Er is niets gewijzigd. Schrijf de kleur als #0B6B5D.
desk-look-too-pale = Er is niets gewijzigd. Witte letters op deze kleur hebben een contrast van { $ratio } : 1. Minstens 4,5 : 1 is nodig: kies een donkerder kleur.
desk-own = Regels van de servicedesk
desk-own-intro = Deze regels gelden meteen, voor alle klanten van { $organisation }.
desk-own-open = Regels van de servicedesk voor { $organisation }
desk-own-koppelcodes = De servicedesk geeft koppelcodes
desk-own-protect = Elke klant is extra beschermd: alles weghalen wacht altijd
desk-own-second = Een leidinggevende kan de wachttijd beëindigen
desk-own-wait = Wachttijd in uren, 1 tot 168
desk-own-hours = Er is niets gewijzigd. De wachttijd is 1 tot 168 uur.
desk-title = Servicedesk
desk-sign-in-intro = Meld u aan om klanten te helpen die niet kunnen inloggen.
desk-name = Naam
desk-password = Wachtwoord
desk-sign-in = Aanmelden
desk-sign-in-care = Hierna vragen we een tweede bewijs, net als bij klanten.
desk-sign-in-wrong = Naam of wachtwoord klopt niet.
desk-sign-in-wait = { $seconds ->
    [one] Vanaf dit adres is te vaak geprobeerd. Wacht 1 seconde.
   *[other] Vanaf dit adres is te vaak geprobeerd. Wacht { $seconds } seconden.
}
desk-sign-in-ended = Dit wachtwoord geldt niet meer, omdat het te vaak fout is ingevuld. Vraag uw beheerder om een nieuwe link.
desk-sign-in-again = De verificatie is niet afgerond. Meld u opnieuw aan.
desk-sign-in-over = U bent niet meer aangemeld. Uw laatste klik is niet verwerkt. Meld u opnieuw aan.
desk-welcome-title = Kies uw wachtwoord
desk-welcome-intro = U krijgt toegang tot de servicedesk. Daarna stelt u in waarmee u zich verder bewijst.
desk-welcome-code = Code uit de link
desk-welcome-password = Nieuw wachtwoord
desk-welcome-rule = Minstens twaalf tekens. Een zin is goed te onthouden.
desk-welcome-again = Nog een keer hetzelfde wachtwoord
desk-welcome-link = Deze code geldt niet of niet meer. Vraag uw beheerder om een nieuwe link.
desk-welcome-length = Het wachtwoord moet 12 tot 128 tekens lang zijn.
desk-welcome-differs = De twee wachtwoorden zijn niet gelijk.
desk-signed-in = { $name } · { $role }
desk-role-support = medewerker
desk-role-supervisor = leidinggevende
desk-role-admin = beheerder
desk-leave = Afmelden
desk-find-title = Wie belt er?
desk-find-intro = Zoek de klant. De reden en het ticketnummer worden bewaard bij alles wat u in dit gesprek doet.
desk-organisation = Organisatie
desk-find-name = Gebruikersnaam of klantnummer
desk-reason = Reden
desk-ticket = Ticketnummer
desk-find = Klant openen
desk-find-care = Controleer eerst wie u spreekt, volgens de afspraken van uw servicedesk.
desk-find-nobody = Er is geen klant met deze naam. Let op de spelling, of vraag naar het klantnummer.
desk-find-no-reason = Vul een reden en een ticketnummer in.
desk-protected = Extra beschermd
desk-reached = Bereikbaar op
desk-reached-nothing = Er is geen nummer of e-mailadres bekend.
desk-unchecked = niet gecontroleerd
desk-reached-change = Wijzigen gaat in het paneel, nooit op verzoek van een beller alleen.
desk-call-for = { $ticket }: { $reason }
desk-why = Wat er aan de hand is
desk-why-nothing = Er is geen blokkade. Kijk bij ‘Laatste verificaties’ of daar iets misging.
desk-finding-locked = Vergrendeld sinds { $at }: op een telefoon is “Dit was ik niet” gekozen. Laat de klant eerst het wachtwoord wijzigen.
desk-finding-disabled = Het paneel heeft deze klant uitgeschakeld.
desk-finding-never = Er is nog nooit iets ingesteld. De klant kan dat zelf doen bij het inloggen, of met een koppelcode.
desk-finding-nothing-left = Er was iets ingesteld, maar er is niets meer over. Alleen met een koppelcode komt de klant terug.
desk-finding-disabled-method = { $method }: te veel foute codes, codes worden niet meer aangenomen.
desk-finding-pause = { $seconds ->
    [one] { $method }: na foute codes nog 1 seconde wachten.
   *[other] { $method }: na foute codes nog { $seconds } seconden wachten.
}
desk-finding-suspended = { $phone } is lang niet gebruikt en staat stil. De klant moet die telefoon opnieuw koppelen.
desk-finding-unreached = De laatste melding is niet op de telefoon aangekomen. Laat de klant de app openen en op verbinding controleren.
desk-finding-quiet = De telefoon krijgt even geen geluid, omdat er veel meldingen zonder antwoord waren. De app openen werkt wel.
desk-unlock = Vergrendeling opheffen
desk-unlock-care = Hef de vergrendeling pas op als u zeker weet wie u spreekt en het wachtwoord is gewijzigd.
desk-methods = Wat er is ingesteld
desk-no-methods = Er is niets ingesteld.
desk-enable-typing = Codes weer toestaan
desk-suspended = Staat stil
desk-questions = Laatste verificaties
desk-no-questions = De afgelopen dertig dagen is er niet ingelogd.
desk-outcome-pending = Wacht op antwoord
desk-outcome-right = Gelukt
desk-outcome-denied = Geweigerd op de telefoon
desk-outcome-fraud = Gemeld: “Dit was ik niet”
desk-outcome-failed = Te veel foute codes
desk-outcome-superseded = Vervangen door een nieuwere
desk-outcome-cancelled = Afgebroken
desk-outcome-expired = Geen antwoord op tijd
desk-audit-open = Alle gebeurtenissen
desk-new-phone = Nieuwe telefoon
desk-confirm-intro = Typ hier het controlegetal dat de klant voorleest van de nieuwe telefoon.
desk-invite-locked = Hef eerst de vergrendeling op. Daarna kunt u een koppelcode geven.
desk-code-intro = Laat de klant in de app “Koppelcode” kiezen en lees voor:
desk-spelled = De koppelcode, letter voor letter
desk-code-until = Geldig tot { $at }, één keer te gebruiken.
desk-code-give = Koppelcode geven
desk-code-again = Nieuwe koppelcode
desk-code-not-yet = Deze klant is extra beschermd en heeft nog een manier om in te loggen. Vraag eerst hieronder aan om alles weg te halen.
desk-code-never = De servicedesk geeft hier geen koppelcodes. Dat heeft uw beheerder zo ingesteld.
desk-code-care = Koppelcode: u leest voor, de klant typt. Controlegetal: de klant leest voor, u typt. Nooit andersom.
desk-line-waiting = Er wacht geen telefoon
desk-hint-waiting = Zodra de klant de koppelcode heeft ingevuld, ziet u het hier.
desk-line-pending = Een telefoon wacht op u
desk-hint-pending = Vul het controlegetal in dat de klant voorleest.
desk-reset = Alles kwijt
desk-reset-nothing = Er is niets om weg te halen. Geef een koppelcode.
desk-reset-now = Heeft de klant geen telefoon, authenticator of herstelcode meer? Dan haalt u alles weg en geeft u daarna een koppelcode.
desk-reset-waits = Deze klant is extra beschermd. { $second ->
    [yes] Alles weghalen kan pas na een wachttijd, of eerder als een leidinggevende akkoord geeft.
   *[no] Alles weghalen kan pas na een wachttijd.
} Logt de klant intussen zelf in, dan vervalt de aanvraag.
desk-reset-open = Alles weghalen
desk-reset-care = Alle telefoons, de authenticator en de herstelcodes werken daarna niet meer. Dit is niet terug te draaien.
desk-reset-do = Ja, alles weghalen
desk-reset-ask = Aanvragen om alles weg te halen
desk-reset-asked = { $agent } heeft gevraagd om alles weg te halen. { $second ->
    [yes] Dat kan vanaf { $due }, of eerder als een leidinggevende akkoord geeft.
   *[no] Dat kan vanaf { $due }.
}
desk-reset-carry-out = Nu alles weghalen
desk-reset-approve = Akkoord, alles weghalen
desk-reset-withdraw = Aanvraag intrekken
desk-said-confirmed = De telefoon is gekoppeld.
desk-said-over = Dit was al afgehandeld of verlopen. Kijk hieronder hoe het nu staat.
desk-said-unlocked = De vergrendeling is opgeheven.
desk-said-typing = Codes worden weer aangenomen.
desk-said-reset = Alles is weggehaald. Geef de klant nu een koppelcode.
desk-said-reset-asked = De aanvraag staat. De klant krijgt hierover bericht op zijn telefoons.
desk-said-reset-withdrawn = De aanvraag is ingetrokken.
desk-said-second-agent = Dat kan nog niet: er is eerst een aanvraag om alles weg te halen nodig, of het akkoord van een leidinggevende.
desk-said-too-soon = Dat kan nog niet: de wachttijd is niet om.
desk-said-locked = Het account is vergrendeld. Hef dat eerst op.
desk-said-not-yours = Daarvoor heeft u niet genoeg rechten.
desk-close = Gesprek afsluiten
desk-audit-title = Gebeurtenissen van { $name }
desk-audit-sound = { $count ->
    [one] 1 gebeurtenis, onveranderd.
   *[other] { $count } gebeurtenissen, alle onveranderd en compleet.
}
desk-audit-broken = De reeks klopt niet vanaf gebeurtenis { $n }. Er is iets veranderd of weggehaald; waarschuw uw beheerder.
desk-audit-back = Terug naar het gesprek

## Mail: er veranderde iets aan hoe iemand inlogt
mail-hello = Goedendag,
mail-account = Account: { $account }
mail-when = Wanneer: { $when }
mail-not-you = Was u dit niet? Bel dan meteen de klantenservice van { $organisation }.
mail-why = U krijgt dit bericht omdat er iets veranderde aan hoe u inlogt bij { $organisation }.
mail-never = In deze berichten staat nooit een link, en we vragen u nooit om een code of wachtwoord.
mail-phone-added = Er is een telefoon gekoppeld bij { $organisation }
mail-phone-added-text = Aan uw account is een telefoon gekoppeld. Deze telefoon kan vanaf nu inlogverzoeken van u beantwoorden.
mail-phone-removed = Er is een telefoon ontkoppeld bij { $organisation }
mail-phone-removed-text = Een telefoon die aan uw account gekoppeld was, is ontkoppeld. U kunt er niet meer mee inloggen.
mail-authenticator-added = Er is een authenticator toegevoegd bij { $organisation }
mail-authenticator-added-text = Aan uw account is een authenticator toegevoegd. Met de codes daarvan kan vanaf nu worden ingelogd.
mail-authenticator-removed = Er is een authenticator verwijderd bij { $organisation }
mail-authenticator-removed-text = De authenticator van uw account is verwijderd. De codes daarvan werken niet meer.
mail-recovery-made = Er zijn herstelcodes gemaakt bij { $organisation }
mail-recovery-made-text = Voor uw account zijn nieuwe herstelcodes gemaakt. Had u al herstelcodes? Die werken dan niet meer.
mail-recovery-removed = De herstelcodes zijn verwijderd bij { $organisation }
mail-recovery-removed-text = De herstelcodes van uw account zijn verwijderd. Ze werken niet meer.
mail-codes-disabled = Er zijn te veel verkeerde codes getypt bij { $organisation }
mail-codes-disabled-text = { $method ->
    [app] Er is vaak achter elkaar een verkeerde code uit de app getypt. Daarom kan met die codes nu niet worden ingelogd. Goedkeuren in de app kan nog wel. De klantenservice kan de codes weer aanzetten.
    [authenticator] Er is vaak achter elkaar een verkeerde code uit de authenticator getypt. Daarom kan met die codes nu niet worden ingelogd. De klantenservice kan ze weer aanzetten.
   *[recovery] Er is vaak achter elkaar een verkeerde herstelcode getypt. Daarom kunnen herstelcodes nu niet worden gebruikt. De klantenservice kan ze weer aanzetten.
}
mail-addresses = De mailadressen van uw account zijn gewijzigd bij { $organisation }
mail-addresses-text = De adressen waar wij u berichten over inloggen sturen, zijn gewijzigd. Zulke berichten gaan nog drie dagen ook naar de vorige adressen.
mail-locked = Uw account is vergrendeld bij { $organisation }
mail-locked-text = Bij een inlogverzoek is “Dit was ik niet” gekozen. Daarom is uw account vergrendeld. Wie dat verzoek deed, kent waarschijnlijk uw wachtwoord: kies een nieuw wachtwoord. Ontgrendelen kan in de app waarin u dit meldde, of via de klantenservice.
mail-unlocked = Uw account is weer open bij { $organisation }
mail-unlocked-text = De vergrendeling van uw account is opgeheven. Inloggen kan weer.
mail-reset-asked = Er is gevraagd om al uw inlogmethoden weg te halen bij { $organisation }
mail-reset-asked-text = De klantenservice kreeg de vraag om al uw telefoons, uw authenticator en uw herstelcodes weg te halen, omdat u niets meer zou hebben om mee in te loggen. { $second ->
    [yes] Dat kan vanaf { $due }, of eerder als een leidinggevende akkoord geeft.
   *[no] Dat kan vanaf { $due }.
} Logt u intussen zelf in, dan vervalt de aanvraag.
mail-reset = Al uw inlogmethoden zijn weggehaald bij { $organisation }
mail-reset-text = De klantenservice heeft al uw telefoons, uw authenticator en uw herstelcodes weggehaald. Met een koppelcode van de klantenservice stelt u opnieuw iets in.
mail-test = Proefbericht van Koppel
mail-test-text = Mail van Koppel komt aan.
