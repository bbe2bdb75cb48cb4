"""Language models: chat, structured answers and embeddings, from any service that speaks as OpenAI's does."""

from .tasks import chat, embed, list_models, test_connection

__all__ = ["chat", "embed", "list_models", "test_connection"]
