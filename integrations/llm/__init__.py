"""Language models: chat, structured answers and embeddings, from any service that speaks as OpenAI's does."""

from .tasks import agent, chat, embed, list_models, test_connection

__all__ = ["agent", "chat", "embed", "list_models", "test_connection"]
