//! One phone, some servers, and the network between them: time goes from event to event, and a seed decides the rest.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use koppel_core::{
    AccountId, AccountStatus, Answer, Event, Invitation, LiveEvent, News, NoAnswer, Now, Order, Outcome, Refused,
};
use koppel_protocol::{Host, id::ChallengeId, pairing::Platform};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    fixtures::{Curve, text},
    phone::{Out, Phone},
    server::{Sent, Server},
};

/// The phone's clock is wrong by this much.
const WRONG_BY_MS: i64 = -26 * 3_600_000;
const TIMEOUT_MS: u64 = 15_000;

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Of a hundred messages, so many are lost.
    pub(crate) loss: u32,
    /// Of a hundred requests, so many come twice.
    pub(crate) twice: u32,
    /// The longest delay.
    pub(crate) delay_ms: u64,
    /// Of a hundred answers, so many are of a proxy that has no idea.
    pub(crate) rubbish: u32,
}

pub(crate) const FAIR: Weather = Weather { loss: 0, twice: 0, delay_ms: 0, rubbish: 0 };

#[derive(Clone, Debug)]
enum Packet {
    Request { order: Order, sent: Sent, since: u64 },
    Answer { order: Order, answer: Answer },
    NoAnswer { order: Order },
    Open { order: Order },
    Opened { order: Order },
    FrameUp { order: Order, text: String },
    FrameDown { order: Order, text: String },
    Closed { order: Order },
    Close { order: Order },
}

/// When, then in the order they were sent; only for the run that sent it.
struct Flight {
    at: u64,
    number: u64,
    run: u64,
    packet: Packet,
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Flight {}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

pub(crate) struct World {
    pub(crate) phone: Phone,
    pub(crate) servers: BTreeMap<Host, Server>,
    pub(crate) weather: Weather,
    pub(crate) dice: ChaCha8Rng,
    pub(crate) t: u64,
    flights: BinaryHeap<Reverse<Flight>>,
    number: u64,
    /// The last moment something arrives on a channel: frames do not overtake.
    lanes: BTreeMap<(u64, bool), u64>,
    hosts: BTreeMap<AccountId, Host>,
    /// Every decision's bytes that were ever sent.
    pub(crate) decisions_sent: Vec<String>,
}

pub(crate) fn account(number: u8) -> AccountId {
    AccountId::from_bytes([number; 16])
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(Curve::real(seed), seed)
    }

    /// Quick, for stories that are told thousands of times.
    pub(crate) fn quick(seed: u64) -> Self {
        Self::with(Curve::toy(seed), seed)
    }

    fn with(curve: Curve, seed: u64) -> Self {
        let server = Server::new("https://koppel.example.org", curve.another(!seed));
        Self {
            phone: Phone::new(curve),
            servers: BTreeMap::from([(server.origin.host().clone(), server)]),
            weather: FAIR,
            dice: ChaCha8Rng::seed_from_u64(seed),
            t: 1_000,
            flights: BinaryHeap::new(),
            number: 0,
            lanes: BTreeMap::new(),
            hosts: BTreeMap::new(),
            decisions_sent: Vec::new(),
        }
    }

    /// With one account, active and connected.
    pub(crate) fn paired(seed: u64) -> Self {
        Self::new(seed).pair()
    }

    /// With one account, active and connected.
    pub(crate) fn pair(mut self) -> Self {
        self.take(Event::Foreground).unwrap();
        self.pair_active(1, "anna");
        self.run_for(3_000);
        self
    }

    pub(crate) fn server(&mut self) -> &mut Server {
        self.servers.values_mut().next().unwrap()
    }

    pub(crate) fn now(&self) -> Now {
        Now { wall_ms: 1_800_000_000_000 + WRONG_BY_MS + self.t as i64, monotonic_ms: self.t }
    }

    pub(crate) fn server_ms(&self) -> i64 {
        1_800_000_000_000 + self.t as i64
    }

    /// Hands an event to the phone; what it sends goes on its way.
    pub(crate) fn take(&mut self, event: Event) -> Result<(), Refused> {
        let now = self.now();
        let result = self.phone.take(event, now);
        self.post();
        result
    }

    /// Hands in an event that the phone may well refuse.
    pub(crate) fn suggest(&mut self, event: Event) {
        let _ = self.take(event);
    }

    pub(crate) fn restart(&mut self) {
        let now = self.now();
        self.phone.restart(now);
        self.post();
    }

    pub(crate) fn add_server(&mut self, server: Server) {
        self.servers.insert(server.origin.host().clone(), server);
    }

    /// Begins to pair by the newest invitation of a server.
    pub(crate) fn begin_pairing(&mut self, number: u8, invitation: Invitation) -> Result<(), Refused> {
        let id = account(number);
        self.hosts.insert(id, invitation.origin().host().clone());
        self.take(Event::Pair {
            account: id,
            invitation,
            device_name: text("Pixel 8"),
            platform: Platform::Terminal,
            approvals: true,
        })
    }

    pub(crate) fn link(&mut self, user: &str) -> Invitation {
        let place = self.server().invite(user);
        Invitation::Link(self.server().invitations[place].link.clone())
    }

    pub(crate) fn pair_active(&mut self, number: u8, user: &str) {
        let link = self.link(user);
        self.begin_pairing(number, link).unwrap();
        self.run_for(1_000);
        self.take(Event::Accept { account: account(number) }).unwrap();
        self.run_for(1_000);
        let check = self.check_number(number).expect("a check number");
        let pid = self.server().pid();
        assert!(self.server().confirm(pid, &check));
        self.run_for(5_000);
        assert_eq!(self.status(number), Some(AccountStatus::Active));
    }

    pub(crate) fn status(&self, number: u8) -> Option<AccountStatus> {
        let state = self.phone.machine.snapshot(self.now());
        state.accounts.into_iter().find(|view| view.account == account(number)).map(|view| view.status)
    }

    pub(crate) fn check_number(&self, number: u8) -> Option<String> {
        match self.status(number) {
            Some(AccountStatus::AwaitingConfirmation { check_number, .. }) => Some(check_number),
            _ => None,
        }
    }

    pub(crate) fn outcomes(&self, cid: ChallengeId) -> Vec<Outcome> {
        let of = |news: &News| match news {
            News::Outcome { cid: about, outcome, .. } if *about == cid => Some(*outcome),
            _ => None,
        };
        self.phone.news.iter().filter_map(of).collect()
    }

    pub(crate) fn announced(&self, cid: ChallengeId) -> Vec<u32> {
        let of = |news: &News| match news {
            News::Challenge(view) if view.cid == cid => Some(view.seq),
            _ => None,
        };
        self.phone.news.iter().filter_map(of).collect()
    }

    /// What the phone wants to say goes on its way.
    fn post(&mut self) {
        for out in std::mem::take(&mut self.phone.out) {
            match out {
                Out::Request { order, sent } => {
                    if sent.path == koppel_protocol::phone_api::DECISIONS {
                        self.decisions_sent.push(String::from_utf8(sent.body.clone()).unwrap());
                    }
                    self.fly(TIMEOUT_MS, Packet::NoAnswer { order });
                    let copies = if self.chance(self.weather.twice) { 2 } else { 1 };
                    for _ in 0..copies {
                        if !self.chance(self.weather.loss) {
                            let delay = self.delay();
                            self.fly(delay, Packet::Request { order, sent: sent.clone(), since: self.t });
                        }
                    }
                }
                Out::Open { order } if self.chance(self.weather.loss) => self.fly(TIMEOUT_MS, Packet::Closed { order }),
                Out::Open { order } => {
                    let delay = self.delay();
                    self.fly(delay, Packet::Open { order });
                }
                Out::Frame { order, text } => self.fly_in_lane(order, true, Packet::FrameUp { order, text }),
                Out::Close { order } => {
                    let delay = self.delay();
                    self.fly(delay, Packet::Close { order });
                }
            }
        }
    }

    /// The same for the servers' channels. A lost frame is a channel that fell silent.
    fn post_pushed(&mut self) {
        let mut frames = Vec::new();
        for server in self.servers.values_mut() {
            frames.append(&mut server.pushed);
        }
        for (channel, text) in frames {
            let order = Order { account: account((channel >> 48) as u8), generation: channel & 0xffff_ffff };
            if (channel >> 32) & 0xffff == self.phone.run {
                self.fly_in_lane(order, false, Packet::FrameDown { order, text });
            }
        }
    }

    fn fly_in_lane(&mut self, order: Order, up: bool, packet: Packet) {
        let lane = (self.channel(order), up);
        let at = (self.t + self.delay()).max(self.lanes.get(&lane).copied().unwrap_or(0));
        if at == u64::MAX || self.chance(self.weather.loss) {
            // From here on nothing comes through; sometimes both sides learn of it soon.
            if self.lanes.insert(lane, u64::MAX) != Some(u64::MAX) && self.dice.random_range(0..2) == 0 {
                let delay = self.delay();
                self.fly(delay, Packet::Closed { order });
            }
            return;
        }
        self.lanes.insert(lane, at);
        self.fly(at - self.t, packet);
    }

    fn channel(&self, order: Order) -> u64 {
        let number = (1..=255).find(|number| account(*number) == order.account).unwrap();
        u64::from(number) << 48 | self.phone.run << 32 | order.generation
    }

    fn chance(&mut self, of_hundred: u32) -> bool {
        of_hundred > 0 && self.dice.random_range(0..100) < of_hundred
    }

    fn delay(&mut self) -> u64 {
        match self.weather.delay_ms {
            0 => 5,
            // Most are quick, some take long: so they overtake each other.
            most => match self.dice.random_range(0..4) {
                0 => self.dice.random_range(5..=most),
                _ => self.dice.random_range(5..=most / 20 + 5),
            },
        }
    }

    /// What proxies say: an error page, a page that is none, an overload, half a body.
    fn rubbish(&mut self, answer: Answer) -> Answer {
        let bare = Answer { nonce: None, time_ms: None, ..answer.clone() };
        match self.dice.random_range(0..5) {
            0 => Answer { status: 502, body: b"<html>Bad Gateway</html>".to_vec(), ..bare },
            1 => Answer { body: b"<html>Welcome to our network</html>".to_vec(), ..bare },
            2 => Answer { status: 503, body: Vec::new(), retry_after: Some(3), ..bare },
            3 => Answer { status: 429, body: Vec::new(), retry_after: Some(2), ..bare },
            _ => Answer { body: answer.body[..answer.body.len() / 2].to_vec(), ..answer },
        }
    }

    fn fly(&mut self, delay: u64, packet: Packet) {
        self.number += 1;
        self.flights.push(Reverse(Flight { at: self.t + delay, number: self.number, run: self.phone.run, packet }));
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, ms: u64) {
        self.run_until(self.t + ms);
    }

    pub(crate) fn run_until(&mut self, end: u64) {
        for steps in 0.. {
            assert!(steps < 200_000, "time stands still at {}", self.t);
            self.post_pushed();
            let packet_at = self.flights.peek().map(|Reverse(flight)| flight.at);
            let wake_at = if self.phone.dead {
                None
            } else {
                self.phone.machine.next_wake(self.now()).map(|at| at.max(self.t + 1))
            };
            let next = packet_at.into_iter().chain(wake_at).min().unwrap_or(u64::MAX);
            if next > end {
                break;
            }
            self.set_time(next);
            if packet_at == Some(next) {
                let Reverse(flight) = self.flights.pop().unwrap();
                self.arrive(flight);
            } else {
                self.take(Event::Tick).unwrap();
            }
        }
        self.set_time(end);
    }

    fn set_time(&mut self, t: u64) {
        self.t = t;
        let now_ms = self.server_ms();
        self.servers.values_mut().for_each(|server| server.at(now_ms));
    }

    fn server_of(&mut self, order: Order) -> &mut Server {
        self.servers.get_mut(&self.hosts[&order.account]).unwrap()
    }

    fn arrive(&mut self, flight: Flight) {
        let current = flight.run == self.phone.run && !self.phone.dead;
        match flight.packet {
            Packet::Request { order, sent, since } => {
                let mut answer = self.server_of(order).answer(&sent);
                answer.sent_at = since;
                if self.chance(self.weather.rubbish) {
                    answer = self.rubbish(answer);
                }
                if !self.chance(self.weather.loss) {
                    let delay = self.delay();
                    self.number += 1;
                    let (at, packet) = (self.t + delay, Packet::Answer { order, answer });
                    self.flights.push(Reverse(Flight { at, number: self.number, run: flight.run, packet }));
                }
            }
            // The process that opened it is gone, but its last words still arrive.
            Packet::FrameUp { order, text } => {
                let channel = self.channel(order);
                if current && !self.server_of(order).frame(channel, &text) {
                    self.fly(5, Packet::Closed { order });
                }
            }
            _ if !current => {}
            Packet::Answer { order, answer } => self.suggest(Event::Answered { order, answer }),
            Packet::NoAnswer { order } => self.suggest(Event::NotAnswered { order, why: NoAnswer::Timeout }),
            Packet::Open { order } => {
                self.fly(5, Packet::Opened { order });
                let channel = self.channel(order);
                self.server_of(order).open_channel(channel);
            }
            Packet::Opened { order } => self.suggest(Event::Live { order, event: LiveEvent::Opened }),
            Packet::FrameDown { order, text } => self.suggest(Event::Live { order, event: LiveEvent::Frame(text) }),
            Packet::Closed { order } => {
                let channel = self.channel(order);
                self.server_of(order).channels.remove(&channel);
                self.suggest(Event::Live { order, event: LiveEvent::Closed { retry_after: None } });
            }
            Packet::Close { order } => {
                let channel = self.channel(order);
                self.server_of(order).channels.remove(&channel);
            }
        }
    }
}
