//! A proxy that can freeze: data stops arriving, while both ends believe that the connection is open.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What becomes of the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Carries,
    /// Nothing is carried any more; what the server writes fills its buffers.
    Frozen,
    /// Both ends are reset.
    Reset,
}

/// The proxy. It does not serve connections that arrive after the freeze either.
pub(super) struct Proxy {
    base: String,
    state: watch::Sender<State>,
}

impl Proxy {
    pub(super) async fn to(base: &str) -> Self {
        let server = base.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let state = watch::Sender::new(State::Carries);
        let follow = state.clone();
        actix_web::rt::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, state) = (server.clone(), follow.subscribe());
                actix_web::rt::spawn(async move {
                    let Ok(server) = TcpStream::connect(&server).await else { return };
                    carry(client, server, state).await;
                });
            }
        });
        Self { base: own, state }
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Lets nothing through from now on.
    pub(super) fn freeze(&self) {
        self.state.send_replace(State::Frozen);
    }

    /// Ends every connection without a word.
    pub(super) fn reset(&self) {
        self.state.send_replace(State::Reset);
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, mut state: watch::Receiver<State>) {
    let (mut up, mut down) = ([0; 4096], [0; 4096]);
    loop {
        let now = *state.borrow_and_update();
        match now {
            State::Reset => return,
            State::Frozen if state.changed().await.is_err() => return,
            State::Frozen => continue,
            State::Carries => {}
        }
        let is_carried = tokio::select! {
            biased;
            changed = state.changed() => changed.is_ok(),
            read = client.read(&mut up) => match read {
                Ok(read) if read > 0 => server.write_all(&up[..read]).await.is_ok(),
                Ok(_) | Err(_) => false,
            },
            read = server.read(&mut down) => match read {
                Ok(read) if read > 0 => client.write_all(&down[..read]).await.is_ok(),
                Ok(_) | Err(_) => false,
            },
        };
        if !is_carried {
            return;
        }
    }
}
